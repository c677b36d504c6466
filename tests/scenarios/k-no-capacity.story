# No other instance has room for a service's task.
instances 2
parameter DrainDeadlineSeconds=900
fault no-capacity
deploy
roll
