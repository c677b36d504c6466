# The unproven way: the instances that were there before the capacity provider do not belong to it, so no task of it goes on
# them, and ECS launches others. The roll makes all of them its own.
instances 2
parameter ClusterMaxSize=8
parameter CapacityProvider=ENABLED
parameter UpdateMethod=InstanceRefresh
switch earlier-instances-have-no-provider
service web desired=4 cpu=900
deploy
roll
pass 1500
settle
