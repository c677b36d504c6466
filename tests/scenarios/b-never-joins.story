# The new AMI does not join: its instance is abandoned at the join deadline, FAILURE is signalled, the stack rolls back
# at once, and nothing waits for PauseTime.
instances 2
fault never-joins
deploy
roll

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 3
expect terminated 1
expect retained 0
expect duration 14m..21m
expect i-3 joined Never
expect stack UPDATE_ROLLBACK_IN_PROGRESS
