# Half of the workers' calls are throttled, and the roll ends all the same.
instances 2
fault throttle
deploy
roll
