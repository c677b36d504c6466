# The same, if AWS names executions after events: the second delivery is refused.
instances 2
fault event-twice
variant execution-named-after-event
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 12m..19m
expect i-1 DRAINING before i-2 DRAINING
