# The same task, with a limit of its own: after some ten minutes it is told to stop, and the roll goes on.
instances 2
parameter StandaloneTaskPolicy=stop
parameter StandaloneTaskLimitSeconds=610
fault long-task
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 16m..25m
expect i-1 DRAINING before i-2 DRAINING
