# The same under stop-tasks. Without an agent no task can be stopped, so the instance is kept, well before the deadline.
instances 2
parameter DrainDeadlineSeconds=1500
parameter DrainDeadlinePolicy=stop-tasks
fault agent-gone
deploy
roll
