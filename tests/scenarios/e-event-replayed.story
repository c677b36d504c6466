# The drain of an instance failed, and the instance is retained. A replay of its terminate event does not drain it again, and a
# replay of its launch event out of a warm pool does not set it ACTIVE: tasks would come back to it.
instances 2
parameter DrainDeadlineSeconds=300
fault drain-hangs
deploy
roll
event {"version": "0", "id": "12345678-1234-1234-1234-123456789012", "detail-type": "EC2 Instance-terminate Lifecycle Action", "source": "aws.autoscaling", "account": "123456789012", "time": "2026-01-05T03:00:00Z", "region": "eu-west-1", "resources": [], "detail": {"AutoScalingGroupName": "$GROUP", "LifecycleHookName": "ecs-rollout-terminate", "EC2InstanceId": "$RETAINED", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", "NotificationMetadata": "{\"cluster\": \"DevCluster\", \"stack\": \"ecs-cluster\", \"resource\": \"EcsAutoScalingGroup\", \"heartbeatTimeoutSeconds\": 3600, \"joinDeadlineSeconds\": 900, \"drainDeadlineSeconds\": 600, \"drainDeadlinePolicy\": \"stop-tasks\"}", "Origin": "AutoScalingGroup", "Destination": "EC2", "LifecycleActionToken": "87654321-4321-4321-4321-210987654321"}}
settle
event {"version": "0", "id": "12345678-1234-1234-1234-123456789012", "detail-type": "EC2 Instance-launch Lifecycle Action", "source": "aws.autoscaling", "account": "123456789012", "time": "2026-01-05T03:00:00Z", "region": "eu-west-1", "resources": [], "detail": {"AutoScalingGroupName": "$GROUP", "LifecycleHookName": "ecs-rollout-launch", "EC2InstanceId": "$RETAINED", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", "NotificationMetadata": "{\"cluster\": \"DevCluster\", \"stack\": \"ecs-cluster\", \"resource\": \"EcsAutoScalingGroup\", \"heartbeatTimeoutSeconds\": 3600, \"joinDeadlineSeconds\": 900, \"drainDeadlineSeconds\": 600, \"drainDeadlinePolicy\": \"stop-tasks\"}", "Origin": "WarmPool", "Destination": "AutoScalingGroup", "LifecycleActionToken": "87654321-4321-4321-4321-210987654321"}}
settle

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 5
expect terminated 0
expect retained 3
expect duration 14m..22m
expect i-1 drained Never
expect i-4 stable Never
expect i-3 drained Never
expect i-4 drained Never
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
