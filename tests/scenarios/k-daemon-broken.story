# A daemon that runs nowhere, because no instance can take its task, is not waited for for long.
instances 2
fault broken-daemon
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 15m..23m
expect i-1 DRAINING before i-2 DRAINING
