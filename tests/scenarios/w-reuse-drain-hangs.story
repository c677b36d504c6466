# A drain on the way back into the pool that fails keeps the instance (Warmed:Pending:Retained), and the next roll stops.
instances 2
parameter UpdateMethod=InstanceRefresh
parameter WarmPoolSize=1
parameter WarmPoolPreparedCapacity=4
parameter WarmPoolReuseOnScaleIn=true
parameter DrainDeadlineSeconds=600
service web desired=2
task report count=2
deploy
settle
scale 3
settle
scale 2
settle
roll

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 8
expect terminated 3
expect retained 1
expect duration 6m..10m
expect i-1 drained Never
expect i-6 stable Never
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-6 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
