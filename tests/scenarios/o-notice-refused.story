# The topic's policy does not let EventBridge in: each notice goes to the dead-letter queue.
instances 2
parameter NoticeTopicArn=arn:aws:sns:eu-west-1:123456789012:notices
call sns CreateTopic {"Name": "notices"}
deploy
roll
pass 140
