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

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 5
expect terminated 3
expect retained 0
expect duration 22m..35m
expect i-1 drained Never
expect i-4 stable Never
expect i-1 draining Over
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
