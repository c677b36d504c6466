# Every event comes twice, so two executions work on each instance.
instances 2
fault event-twice
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 12m..18m
expect i-3 stable Over
expect i-4 stable Over
expect i-1 DRAINING before i-2 DRAINING
