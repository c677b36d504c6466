# An instance refresh in which no event of a terminate hook ever comes: the reconciler starts each drain.
instances 2
parameter UpdateMethod=InstanceRefresh
fault terminate-events-lost
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 23m..36m
expect i-1 DRAINING before i-2 DRAINING
