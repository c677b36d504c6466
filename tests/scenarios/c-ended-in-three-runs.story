# The operator's program is killed after its first step, and after its second. Run again, it continues where it was.
instances 2
parameter DrainDeadlineSeconds=600
fault drain-hangs
deploy
roll
terminate steps=1
terminate steps=1
terminate
roll

expect outcome UPDATE_COMPLETE
expect launched 7
expect terminated 5
expect retained 0
expect duration 13m..20m
expect i-1 drained Never
expect i-4 stable Never
expect i-1 draining Over
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect i-4 DRAINING before i-2 DRAINING
