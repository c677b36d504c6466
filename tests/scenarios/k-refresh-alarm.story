# An alarm rings while the refresh pauses at a checkpoint: it fails, and the stack rolls back with another refresh, which
# watches no alarm.
instances 2
parameter UpdateMethod=InstanceRefresh
parameter RefreshCheckpointPercentages=50,100
parameter RefreshAlarmNames=web-errors,web-latency
deploy
in 1500 alarm web-latency
in 1600 alarm-over web-latency
roll

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 29m..45m
expect i-1 DRAINING before i-3 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
