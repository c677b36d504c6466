# A roll that ends well is told once, in words.
instances 2
parameter NoticeTopicArn=arn:aws:sns:eu-west-1:123456789012:notices
parameter Metrics=true
parameter Dashboard=true
parameter OperatorPolicies=true
call sns CreateTopic {"Name": "notices"}
call sns SetTopicAttributes {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:notices", "AttributeName": "Policy", "AttributeValue": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"events.amazonaws.com\"},\"Action\":\"sns:Publish\",\"Resource\":\"arn:aws:sns:eu-west-1:123456789012:notices\"}]}"}
deploy
roll
pass 140

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 12m..18m
expect i-1 DRAINING before i-2 DRAINING
