# CapacityOwner=autoscaling: the capacity was changed before the roll, which leaves it as it is, and is changed again in the
# middle of it. When the update is complete CloudFormation sets the capacity back to what it was before the roll, never to
# the number in the template.
instances 2
parameter ClusterMaxSize=8
parameter CapacityOwner=autoscaling
deploy
scale 3
settle
in 300 scale 5
roll

expect outcome UPDATE_COMPLETE
expect launched 8
expect terminated 5
expect retained 0
expect duration 22m..34m
expect i-8 complete-action Over
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-8 DRAINING
