# The same task, policy terminate: at the deadline the instance goes with the task on it, because the user said so.
instances 2
parameter DrainDeadlineSeconds=600
parameter DrainDeadlinePolicy=terminate
fault drain-hangs
deploy
roll
