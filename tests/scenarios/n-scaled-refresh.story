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
