# The same task, policy terminate: at the deadline the instance goes with the task on it, because the user said so.
instances 2
parameter DrainDeadlineSeconds=600
parameter DrainDeadlinePolicy=terminate
fault drain-hangs
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 15m..23m
expect i-1 drained Never
expect i-1 DRAINING before i-2 DRAINING
