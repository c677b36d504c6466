# The same task is left to run. The services' tasks leave, the instance is kept, and the roll goes on to its end without it.
instances 2
parameter StandaloneTaskPolicy=skip-instance
fault long-task
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 1
expect retained 1
expect duration 12m..19m
expect i-1 drained Never
expect i-1 DRAINING before i-2 DRAINING
