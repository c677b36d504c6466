# While Auto Scaling terminates nothing, a rolling update replaces nobody: the new instance stands beside the old ones.
instances 2
service web desired=2
deploy
call autoscaling SuspendProcesses {"AutoScalingGroupName": "$GROUP", "ScalingProcesses": ["Terminate"]}
roll
