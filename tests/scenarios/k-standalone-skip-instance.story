# The same task is left to run. The services' tasks leave, the instance is kept, and the roll goes on to its end without it.
instances 2
parameter StandaloneTaskPolicy=skip-instance
fault long-task
deploy
roll
