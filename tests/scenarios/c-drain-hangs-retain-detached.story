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
