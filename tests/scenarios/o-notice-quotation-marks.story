# Causes and reasons with quotation marks, as AWS writes them, arrive: each notice is a JSON object. A hook's metadata that
# cannot be read ends the drain of the leaving instance with a worker's error; its notice has cause and input, both full of
# quotation marks, backslashes and a line break. Then somebody cancels an update, which has a notice too.
instances 2
parameter NoticeTopicArn=arn:aws:sns:eu-west-1:123456789012:notices
call sns CreateTopic {"Name": "notices"}
call sns SetTopicAttributes {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:notices", "AttributeName": "Policy", "AttributeValue": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"events.amazonaws.com\"},\"Action\":\"sns:Publish\",\"Resource\":\"arn:aws:sns:eu-west-1:123456789012:notices\"}]}"}
deploy
event {"version":"0","detail-type":"EC2 Instance-terminate Lifecycle Action","source":"aws.autoscaling","account":"123456789012","time":"2026-01-05T04:00:00Z","region":"eu-west-1","resources":[],"detail":{"LifecycleActionToken":"87654321-4321-4321-4321-210987654322","AutoScalingGroupName":"$GROUP","LifecycleHookName":"ecs-rollout-terminate","EC2InstanceId":"$INSTANCE","LifecycleTransition":"autoscaling:EC2_INSTANCE_TERMINATING","NotificationMetadata":"{\"cluster\": \"C:\\\\x\"\n}","Origin":"AutoScalingGroup","Destination":"EC2"}}
settle
in 240 call cloudformation CancelUpdateStack {"StackName": "$STACK"}
roll
pass 140

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 5
expect terminated 3
expect retained 0
expect duration 16m..26m
expect i-4 complete-action Over
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
