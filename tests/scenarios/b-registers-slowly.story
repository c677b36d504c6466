# The new AMI's instance is REGISTERING until after its join deadline: it is abandoned, and since it is known to the
# cluster by then, it is drained as soon as it is ACTIVE.
instances 2
fault registers-slowly
deploy
roll

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 3
expect terminated 1
expect retained 0
expect duration 18m..28m
expect i-3 joined Never
expect stack UPDATE_ROLLBACK_IN_PROGRESS
