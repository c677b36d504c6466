# A new AMI that does not join: a notice says what failed, which instance, why, and what to do next. Two more say that the
# rollback begins, and that it is complete.
instances 2
parameter NoticeTopicArn=arn:aws:sns:eu-west-1:123456789012:notices
fault never-joins
call sns CreateTopic {"Name": "notices"}
call sns SetTopicAttributes {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:notices", "AttributeName": "Policy", "AttributeValue": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"events.amazonaws.com\"},\"Action\":\"sns:Publish\",\"Resource\":\"arn:aws:sns:eu-west-1:123456789012:notices\"}]}"}
deploy
roll
pass 140

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 3
expect terminated 1
expect retained 0
expect duration 13m..20m
expect i-3 joined Never
expect stack UPDATE_ROLLBACK_IN_PROGRESS
