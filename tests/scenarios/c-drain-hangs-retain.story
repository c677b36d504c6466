# A standalone task never stops. Policy retain: the instance is kept for a person, the next new instance stops the roll,
# and the stack rolls back.
instances 2
parameter DrainDeadlineSeconds=600
fault drain-hangs
deploy
roll

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 5
expect terminated 2
expect retained 1
expect duration 22m..35m
expect i-1 drained Never
expect i-4 stable Never
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
