# An instance refresh whose new instance does not join: the workers cancel it, CloudFormation says so, and it is told once.
instances 2
parameter UpdateMethod=InstanceRefresh
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
