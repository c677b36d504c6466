# An operator puts an instance in standby while a refresh goes on. Its tasks run on; the refresh replaces the others, waits for
# it, and replaces it once it is back in service.
instances 2
parameter ClusterMaxSize=8
parameter CapacityOwner=autoscaling
parameter UpdateMethod=InstanceRefresh
deploy
scale 3
settle
in 60 call autoscaling EnterStandby {"AutoScalingGroupName": "$GROUP", "InstanceIds": ["$INSTANCE"], "ShouldDecrementDesiredCapacity": true}
in 2400 call autoscaling ExitStandby {"AutoScalingGroupName": "$GROUP", "InstanceIds": ["$INSTANCE"]}
roll

expect outcome UPDATE_COMPLETE
expect launched 6
expect terminated 3
expect retained 0
expect duration 40m..1h3m
expect i-2 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-1 DRAINING
