# The same under terminate: the instance may only be let go at the drain deadline, so that is waited for.
instances 2
parameter DrainDeadlineSeconds=1500
parameter DrainDeadlinePolicy=terminate
fault agent-gone
deploy
roll
