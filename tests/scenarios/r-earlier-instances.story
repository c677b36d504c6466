# The unproven way: the instances that were there before the capacity provider do not belong to it. Its tasks wait, and ECS
# launches nobody, because the instances of the group seem enough. One roll, and all of them belong to it.
instances 2
parameter ClusterMaxSize=8
parameter CapacityProvider=ENABLED
parameter UpdateMethod=InstanceRefresh
variant earlier-instances-have-no-provider
create
call ecs RegisterTaskDefinition {"family": "web", "containerDefinitions": [{"name": "web", "image": "web:1", "cpu": 900, "memory": 512}]}
call ecs CreateService {"cluster": "$CLUSTER", "serviceName": "web", "taskDefinition": "web", "desiredCount": 2}
pass 1800
roll
pass 300
call ecs DeleteService {"cluster": "$CLUSTER", "service": "web", "force": true}

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 6m..9m
expect i-1 DRAINING before i-2 DRAINING
