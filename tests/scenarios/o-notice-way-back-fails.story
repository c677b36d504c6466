# A drain fails, and then the way back fails as well, since nothing joins on the old AMI either: a batch runs out of its hour
# without an execution that failed, so CloudFormation's own reason is told, and then that the stack stands still. When the
# cause is mended and the rollback continued, nothing more is told.
instances 2
parameter DrainDeadlineSeconds=600
parameter JoinDeadlineSeconds=1500
parameter NoticeTopicArn=arn:aws:sns:eu-west-1:123456789012:notices
fault drain-hangs
fault old-never-joins
call sns CreateTopic {"Name": "notices"}
call sns SetTopicAttributes {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:notices", "AttributeName": "Policy", "AttributeValue": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"events.amazonaws.com\"},\"Action\":\"sns:Publish\",\"Resource\":\"arn:aws:sns:eu-west-1:123456789012:notices\"}]}"}
deploy
in 6000 fault-over old-never-joins
in 6600 call cloudformation ContinueUpdateRollback {"StackName": "$STACK"}
roll
pass 140

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
