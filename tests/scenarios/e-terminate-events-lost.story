# No event of a terminate hook ever comes. Each drain begins some minutes later, without a person.
instances 2
fault terminate-events-lost
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 19m..30m
expect i-1 DRAINING before i-2 DRAINING
