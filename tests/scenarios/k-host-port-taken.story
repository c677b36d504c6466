# The host port that a service needs is taken on every other instance.
instances 2
parameter DrainDeadlineSeconds=900
fault host-port-taken
deploy
roll
