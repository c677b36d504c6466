# Half of the workers' calls are throttled, and the roll ends all the same.
instances 4
fault throttle
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 8
expect terminated 4
expect retained 0
expect duration 24m..38m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
