# While the instance still stands at its hook (its event is late) the next rollout begins, and does not wait for it.
instances 2
parameter DrainDeadlineSeconds=1500
fault drain-hangs
fault event-late
deploy
roll
terminate steps=2
roll

expect outcome UPDATE_COMPLETE
expect launched 7
expect terminated 5
expect retained 0
expect duration 15m..23m
expect i-1 drained Never
expect i-4 stable Never
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect i-4 DRAINING before i-2 DRAINING
