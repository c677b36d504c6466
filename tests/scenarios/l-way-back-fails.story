# A drain hangs, so the roll rolls back. But new instances on the old AMI do not join either: after an hour CloudFormation
# gives the way back up. When the cause is mended, the rollback is continued, and ends.
instances 2
parameter DrainDeadlineSeconds=600
parameter JoinDeadlineSeconds=1500
fault drain-hangs
fault old-never-joins
deploy
in 6000 fault-over old-never-joins
in 6600 call cloudformation ContinueUpdateRollback {"StackName": "$STACK"}
roll

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 9
expect terminated 6
expect retained 1
expect duration 1h34m..2h26m
expect i-1 drained Never
expect i-4 stable Never
expect i-5 joined Never
expect i-6 joined Never
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
