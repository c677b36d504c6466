# The same under instance refresh, which takes the change in.
instances 2
parameter ClusterMaxSize=8
parameter CapacityOwner=autoscaling
parameter UpdateMethod=InstanceRefresh
deploy
scale 3
settle
in 300 scale 5
roll

expect outcome UPDATE_COMPLETE
expect launched 8
expect terminated 3
expect retained 0
expect duration 25m..39m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
