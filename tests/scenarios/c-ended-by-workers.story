# The operator's program is killed before it answers the hook, and not run again. The workers find the request, and answer.
instances 2
parameter DrainDeadlineSeconds=600
fault drain-hangs
deploy
roll
terminate steps=2
settle

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 5
expect terminated 3
expect retained 0
expect duration 22m..35m
expect i-1 drained Never
expect i-4 stable Never
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
