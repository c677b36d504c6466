# No event of a launch hook ever comes. The reconciler starts each execution some minutes later, without a person.
instances 2
fault launch-events-lost
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 16m..25m
expect i-1 DRAINING before i-2 DRAINING
