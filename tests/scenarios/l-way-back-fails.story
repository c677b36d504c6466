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
