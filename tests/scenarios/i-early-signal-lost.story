# If a signal for an instance that is not InService yet did not count, the one that is sent again would.
instances 2
variant early-signal-lost
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 13m..20m
expect i-1 DRAINING before i-2 DRAINING
