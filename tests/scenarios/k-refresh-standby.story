# An operator has put an instance in standby. Its tasks run on; the refresh replaces the others, waits for it, and replaces
# it once it is back in service.
instances 2
parameter ClusterMaxSize=8
parameter CapacityOwner=autoscaling
parameter UpdateMethod=InstanceRefresh
deploy
scale 3
settle
call autoscaling EnterStandby {"AutoScalingGroupName": "$GROUP", "InstanceIds": ["$INSTANCE"], "ShouldDecrementDesiredCapacity": true}
pass 60
in 2400 call autoscaling ExitStandby {"AutoScalingGroupName": "$GROUP", "InstanceIds": ["$INSTANCE"]}
roll
