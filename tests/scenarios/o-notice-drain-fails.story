# A drain that fails: one notice. The new instance that stops the roll because of it says nothing new.
instances 2
parameter DrainDeadlineSeconds=600
parameter NoticeTopicArn=arn:aws:sns:eu-west-1:123456789012:notices
fault drain-hangs
call sns CreateTopic {"Name": "notices"}
call sns SetTopicAttributes {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:notices", "AttributeName": "Policy", "AttributeValue": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"events.amazonaws.com\"},\"Action\":\"sns:Publish\",\"Resource\":\"arn:aws:sns:eu-west-1:123456789012:notices\"}]}"}
deploy
roll
pass 140

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 5
expect terminated 2
expect retained 1
expect duration 22m..34m
expect i-1 drained Never
expect i-4 stable Never
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
