# Somebody else has a terminate hook on the same group. Ours answers for itself alone; the instance goes when both have.
instances 2
deploy
call autoscaling PutLifecycleHook {"AutoScalingGroupName": "$GROUP", "LifecycleHookName": "log-collector", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", "HeartbeatTimeout": 900, "DefaultResult": "CONTINUE"}
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 27m..42m
expect i-1 DRAINING before i-2 DRAINING
