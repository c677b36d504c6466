# No other instance meets a service's placement constraint.
instances 2
parameter DrainDeadlineSeconds=900
fault constraint-unmet
deploy
roll
