# The same task, policy stop-tasks: at the deadline it is stopped, and the roll goes on.
instances 2
parameter DrainDeadlineSeconds=600
parameter DrainDeadlinePolicy=stop-tasks
fault drain-hangs
deploy
roll
