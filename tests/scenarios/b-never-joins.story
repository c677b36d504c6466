# The new AMI does not join: its instance is abandoned at the join deadline, FAILURE is signalled, the stack rolls back
# at once, and nothing waits for PauseTime.
instances 2
fault never-joins
deploy
roll
