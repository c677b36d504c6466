# One invocation in five crashes, before or after its work.
instances 2
fault worker-error
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 12m..19m
expect i-1 DRAINING before i-2 DRAINING
