# Events come late and twice. The event of the hook that opens again finds the instance ended already, or on its way: its
# executions end well, and no drain begins.
instances 2
parameter DrainDeadlineSeconds=1500
fault drain-hangs
fault event-late
fault event-twice
deploy
roll
terminate
settle
roll

expect outcome UPDATE_COMPLETE
expect launched 7
expect terminated 5
expect retained 0
expect duration 13m..20m
expect i-3 stable Over
expect i-1 drained Never
expect i-4 stable Never
expect i-1 drained Over
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect i-4 DRAINING before i-2 DRAINING
