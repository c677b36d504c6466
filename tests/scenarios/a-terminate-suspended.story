# While Auto Scaling terminates nothing, a rolling update replaces nobody: the new instance stands beside the old ones.
instances 2
service web desired=2
deploy
call autoscaling SuspendProcesses {"AutoScalingGroupName": "$GROUP", "ScalingProcesses": ["Terminate"]}
roll

expect outcome UPDATE_ROLLBACK_FAILED
expect launched 3
expect terminated 0
expect retained 0
expect duration 5m..8m
expect stack UPDATE_ROLLBACK_IN_PROGRESS
