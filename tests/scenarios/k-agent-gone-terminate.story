# The same under terminate: the instance may only be let go at the drain deadline, so that is waited for.
instances 2
parameter DrainDeadlineSeconds=1500
parameter DrainDeadlinePolicy=terminate
fault agent-gone
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 28m..43m
expect i-1 drained Never
expect i-1 DRAINING before i-2 DRAINING
