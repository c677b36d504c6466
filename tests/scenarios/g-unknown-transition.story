# A transition that nobody knows: the execution fails, and no hook is answered.
instances 1
service web desired=1
deploy
event {"version":"0","detail-type":"EC2 Instance-launch Lifecycle Action","source":"aws.autoscaling","account":"123456789012","time":"2026-01-05T04:00:00Z","region":"eu-west-1","resources":[],"detail":{"LifecycleActionToken":"87654321-4321-4321-4321-210987654321","AutoScalingGroupName":"$GROUP","LifecycleHookName":"ecs-rollout-launch","EC2InstanceId":"$INSTANCE","LifecycleTransition":"autoscaling:EC2_INSTANCE_DREAMING","NotificationMetadata":"{}","Origin":"EC2","Destination":"AutoScalingGroup"}}
settle

expect outcome CREATE_COMPLETE
expect launched 1
expect terminated 0
expect retained 0
