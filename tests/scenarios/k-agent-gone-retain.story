# The agent of a leaving instance is gone. Ten minutes later its drain has failed: the instance is kept, the stack rolls back.
instances 2
parameter DrainDeadlineSeconds=1500
parameter DrainDeadlinePolicy=retain
fault agent-gone
deploy
roll

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 5
expect terminated 2
expect retained 1
expect duration 27m..43m
expect i-1 drained Never
expect i-4 stable Never
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
