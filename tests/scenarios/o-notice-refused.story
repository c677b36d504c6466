# The topic's policy does not let EventBridge in: nobody is told, and the loss is seen.
instances 2
parameter NoticeTopicArn=arn:aws:sns:eu-west-1:123456789012:notices
call sns CreateTopic {"Name": "notices"}
deploy
roll
