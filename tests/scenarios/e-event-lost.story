# One event in five is lost, and now and then one of the reconciler's own rule. All ends well without a person.
instances 4
fault event-lost
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 8
expect terminated 4
expect retained 0
expect duration 30m..47m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
