# Two at a time: two drains are open together, never three.
instances 4
batch 2
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 8
expect terminated 4
expect retained 0
expect duration 14m..22m
expect i-2 DRAINING before i-1 DRAINING
expect i-1 DRAINING before i-4 DRAINING
expect i-4 DRAINING before i-3 DRAINING
