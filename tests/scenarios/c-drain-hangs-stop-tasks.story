# The same task, policy stop-tasks: at the deadline it is stopped, and the roll goes on.
instances 2
parameter DrainDeadlineSeconds=600
parameter DrainDeadlinePolicy=stop-tasks
fault drain-hangs
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 15m..23m
expect i-1 DRAINING before i-2 DRAINING
