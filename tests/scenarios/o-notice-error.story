# A worker's error that retries do not cure: the notice says that a hook was left open, and how the instance is found.
instances 2
parameter NoticeTopicArn=arn:aws:sns:eu-west-1:123456789012:notices
call sns CreateTopic {"Name": "notices"}
call sns SetTopicAttributes {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:notices", "AttributeName": "Policy", "AttributeValue": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"events.amazonaws.com\"},\"Action\":\"sns:Publish\",\"Resource\":\"arn:aws:sns:eu-west-1:123456789012:notices\"}]}"}
deploy
event {"version":"0","detail-type":"EC2 Instance-launch Lifecycle Action","source":"aws.autoscaling","account":"123456789012","time":"2026-01-05T04:00:00Z","region":"eu-west-1","resources":[],"detail":{"LifecycleActionToken":"87654321-4321-4321-4321-210987654321","AutoScalingGroupName":"$GROUP","LifecycleHookName":"ecs-rollout-launch","EC2InstanceId":"$INSTANCE","LifecycleTransition":"autoscaling:EC2_INSTANCE_LAUNCHING","Origin":"EC2","Destination":"AutoScalingGroup"}}
settle
event {"version":"0","detail-type":"EC2 Instance-terminate Lifecycle Action","source":"aws.autoscaling","account":"123456789012","time":"2026-01-05T04:00:00Z","region":"eu-west-1","resources":[],"detail":{"LifecycleActionToken":"87654321-4321-4321-4321-210987654322","AutoScalingGroupName":"$GROUP","LifecycleHookName":"ecs-rollout-terminate","EC2InstanceId":"$INSTANCE","LifecycleTransition":"autoscaling:EC2_INSTANCE_TERMINATING","Origin":"AutoScalingGroup","Destination":"EC2"}}
settle
pass 140

expect outcome CREATE_COMPLETE
expect launched 2
expect terminated 0
expect retained 0
