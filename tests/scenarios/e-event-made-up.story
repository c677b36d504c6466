# Events that nobody's hook sent: of an instance in service, with a token that no action has, and without a token; of an instance
# that no group has; and of a launch whose join deadline is long over. Nothing is changed, and nothing is signalled.
instances 2
service web desired=2
deploy
event {"version": "0", "id": "12345678-1234-1234-1234-123456789012", "detail-type": "EC2 Instance-terminate Lifecycle Action", "source": "aws.autoscaling", "account": "123456789012", "time": "2026-01-05T03:00:00Z", "region": "eu-west-1", "resources": [], "detail": {"AutoScalingGroupName": "$GROUP", "LifecycleHookName": "ecs-rollout-terminate", "EC2InstanceId": "$INSTANCE", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", "NotificationMetadata": "{\"cluster\": \"DevCluster\", \"stack\": \"ecs-cluster\", \"resource\": \"EcsAutoScalingGroup\", \"heartbeatTimeoutSeconds\": 3600, \"joinDeadlineSeconds\": 900, \"drainDeadlineSeconds\": 600, \"drainDeadlinePolicy\": \"stop-tasks\"}", "Origin": "AutoScalingGroup", "Destination": "EC2", "LifecycleActionToken": "87654321-4321-4321-4321-210987654321"}}
settle
event {"version": "0", "id": "12345678-1234-1234-1234-123456789012", "detail-type": "EC2 Instance-terminate Lifecycle Action", "source": "aws.autoscaling", "account": "123456789012", "time": "2026-01-05T03:00:00Z", "region": "eu-west-1", "resources": [], "detail": {"AutoScalingGroupName": "$GROUP", "LifecycleHookName": "ecs-rollout-terminate", "EC2InstanceId": "$INSTANCE", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", "NotificationMetadata": "{\"cluster\": \"DevCluster\", \"stack\": \"ecs-cluster\", \"resource\": \"EcsAutoScalingGroup\", \"heartbeatTimeoutSeconds\": 3600, \"joinDeadlineSeconds\": 900, \"drainDeadlineSeconds\": 600, \"drainDeadlinePolicy\": \"stop-tasks\"}", "Origin": "AutoScalingGroup", "Destination": "EC2"}}
settle
event {"version": "0", "id": "12345678-1234-1234-1234-123456789012", "detail-type": "EC2 Instance-terminate Lifecycle Action", "source": "aws.autoscaling", "account": "123456789012", "time": "2026-01-05T03:00:00Z", "region": "eu-west-1", "resources": [], "detail": {"AutoScalingGroupName": "$GROUP", "LifecycleHookName": "ecs-rollout-terminate", "EC2InstanceId": "i-0123456789abcdef0", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", "NotificationMetadata": "{\"cluster\": \"DevCluster\", \"stack\": \"ecs-cluster\", \"resource\": \"EcsAutoScalingGroup\", \"heartbeatTimeoutSeconds\": 3600, \"joinDeadlineSeconds\": 900, \"drainDeadlineSeconds\": 600, \"drainDeadlinePolicy\": \"stop-tasks\"}", "Origin": "AutoScalingGroup", "Destination": "EC2", "LifecycleActionToken": "87654321-4321-4321-4321-210987654321"}}
settle
event {"version": "0", "id": "12345678-1234-1234-1234-123456789012", "detail-type": "EC2 Instance-launch Lifecycle Action", "source": "aws.autoscaling", "account": "123456789012", "time": "2026-01-05T02:00:00Z", "region": "eu-west-1", "resources": [], "detail": {"AutoScalingGroupName": "$GROUP", "LifecycleHookName": "ecs-rollout-launch", "EC2InstanceId": "i-0123456789abcdef0", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", "NotificationMetadata": "{\"cluster\": \"DevCluster\", \"stack\": \"ecs-cluster\", \"resource\": \"EcsAutoScalingGroup\", \"heartbeatTimeoutSeconds\": 3600, \"joinDeadlineSeconds\": 900, \"drainDeadlineSeconds\": 600, \"drainDeadlinePolicy\": \"stop-tasks\"}", "Origin": "EC2", "Destination": "AutoScalingGroup", "LifecycleActionToken": "87654321-4321-4321-4321-210987654321"}}
settle
pass 600
heal

expect outcome CREATE_COMPLETE
expect launched 2
expect terminated 0
expect retained 0
expect i-1 draining Over
