# Half of the workers' calls are throttled, and the roll ends all the same.
instances 4
fault throttle
deploy
roll
