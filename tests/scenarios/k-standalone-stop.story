# The same task, with a limit of its own: after some ten minutes it is told to stop, and the roll goes on.
instances 2
parameter StandaloneTaskPolicy=stop
parameter StandaloneTaskLimitSeconds=610
fault long-task
deploy
roll
