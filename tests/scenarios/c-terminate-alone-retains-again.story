# Terminating a retained instance is not enough: AWS opens its hook again, a whole new drain begins, and the task hangs as before.
# With the decrement AWS refuses it.
instances 2
parameter DrainDeadlineSeconds=600
fault drain-hangs
deploy
roll
refused call autoscaling TerminateInstanceInAutoScalingGroup {"InstanceId": "$RETAINED", "ShouldDecrementDesiredCapacity": true}
call autoscaling TerminateInstanceInAutoScalingGroup {"InstanceId": "$RETAINED", "ShouldDecrementDesiredCapacity": false}
settle
terminate
settle
