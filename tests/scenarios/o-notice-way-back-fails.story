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
