# Managed termination protection: instances with tasks are protected from scale-in, but not from a roll. A scale-in finds
# nobody who may go. The stack cannot be deleted while services use its capacity provider, and nothing of it is touched. When
# they are gone, and ECS protects nobody any more, it can.
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
scale 2
pass 600
delete
delete-services
pass 300
delete
