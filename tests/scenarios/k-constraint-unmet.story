# No other instance meets a service's placement constraint.
instances 2
parameter DrainDeadlineSeconds=900
fault constraint-unmet
deploy
roll

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 5
expect terminated 2
expect retained 1
expect duration 26m..40m
expect i-1 drained Never
expect i-4 stable Never
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
