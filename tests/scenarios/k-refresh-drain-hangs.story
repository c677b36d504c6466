# A drain hangs under a refresh. Its instance is retained, the next new one stops the roll: the refresh is cancelled before
# that one is let in, and no other drain began meanwhile.
instances 2
parameter UpdateMethod=InstanceRefresh
parameter DrainDeadlineSeconds=600
fault drain-hangs
deploy
roll

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 5
expect terminated 2
expect retained 1
expect duration 26m..40m
expect i-1 drained Never
expect i-4 stable Never
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
