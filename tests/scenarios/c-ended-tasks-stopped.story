# The same with --stop-tasks: the task that hung gets SIGTERM first, and no task is killed.
instances 2
parameter DrainDeadlineSeconds=600
fault drain-hangs
deploy
roll
terminate stop-tasks
