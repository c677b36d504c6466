# Managed termination protection: instances with tasks are protected from scale-in, but not from a roll. A scale-in finds
# nobody who may go, so the group keeps more instances than it is told. A minute after its services are gone ECS protects
# nobody any more, and the stack can be deleted.
instances 2
parameter ClusterMaxSize=6
parameter CapacityProvider=ENABLED
parameter UpdateMethod=InstanceRefresh
parameter ManagedTerminationProtection=ENABLED
service web desired=4 cpu=900
deploy
roll
call ecs UpdateService {"cluster": "$CLUSTER", "service": "web", "desiredCount": 5}
pass 600
call autoscaling SetDesiredCapacity {"AutoScalingGroupName": "$GROUP", "DesiredCapacity": 2}
pass 900
delete-services
pass 120
delete

expect outcome DELETE_COMPLETE
expect launched 5
expect terminated 5
expect retained 0
expect duration 8m..13m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
