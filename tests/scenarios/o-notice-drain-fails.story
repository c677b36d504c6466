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
