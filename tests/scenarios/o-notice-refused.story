# The topic's policy does not let EventBridge in: each notice goes to the dead-letter queue.
instances 2
parameter NoticeTopicArn=arn:aws:sns:eu-west-1:123456789012:notices
call sns CreateTopic {"Name": "notices"}
deploy
roll
pass 140

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 14m..21m
expect i-1 DRAINING before i-2 DRAINING
