# An instance refresh in which no event of a launch hook ever comes: the reconciler starts each execution.
instances 2
parameter UpdateMethod=InstanceRefresh
fault launch-events-lost
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 24m..38m
expect i-1 DRAINING before i-2 DRAINING
