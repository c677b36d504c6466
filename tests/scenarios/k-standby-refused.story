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
