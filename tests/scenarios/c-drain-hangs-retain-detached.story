# Whoever looks at a retained instance takes it out of the group: it runs on with its task, and the next roll does not stop
# for it.
instances 2
parameter DrainDeadlineSeconds=600
fault drain-hangs
deploy
roll
fault-over
call autoscaling DetachInstances {"AutoScalingGroupName": "$GROUP", "InstanceIds": ["$INSTANCE"], "ShouldDecrementDesiredCapacity": false}
pass 60
roll

expect outcome UPDATE_COMPLETE
expect launched 7
expect terminated 4
expect retained 0
expect duration 12m..18m
expect i-1 drained Never
expect i-4 stable Never
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect i-4 DRAINING before i-2 DRAINING
