# Nobody knows what a rolling update does with an instance in standby, so the account in memory refuses it by name.
instances 2
parameter ClusterMaxSize=8
parameter CapacityOwner=autoscaling
deploy
scale 3
settle
call autoscaling EnterStandby {"AutoScalingGroupName": "$GROUP", "InstanceIds": ["$INSTANCE"], "ShouldDecrementDesiredCapacity": true}
pass 60
roll

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 3
expect terminated 0
expect retained 0
expect duration 10s..40s
expect stack UPDATE_ROLLBACK_IN_PROGRESS
