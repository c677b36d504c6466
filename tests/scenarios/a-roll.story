# The plain roll: one old instance at a time leaves, and only when a new one has joined and the last drain is over.
instances 2
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 12m..19m
expect i-1 DRAINING before i-2 DRAINING
