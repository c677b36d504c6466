# The group is a capacity provider with managed scaling. Before the roll a service grows: its tasks wait in PROVISIONING, and
# ECS scales out. The roll finds four instances, not the two of the template. In the middle of it another service grows, and
# ECS scales out again. Then both shrink, and a quarter of an hour later ECS scales in: what goes is drained like all else.
instances 2
parameter ClusterMaxSize=8
parameter CapacityProvider=ENABLED
parameter UpdateMethod=InstanceRefresh
service web desired=2 cpu=900 deregistration=30
service api desired=2 cpu=700
daemon logs
deploy
call ecs UpdateService {"cluster": "$CLUSTER", "service": "web", "desiredCount": 6}
pass 600
in 300 call ecs UpdateService {"cluster": "$CLUSTER", "service": "api", "desiredCount": 6}
roll
call ecs UpdateService {"cluster": "$CLUSTER", "service": "api", "desiredCount": 1}
call ecs UpdateService {"cluster": "$CLUSTER", "service": "web", "desiredCount": 1}
pass 1500
settle

expect outcome UPDATE_COMPLETE
expect launched 10
expect terminated 8
expect retained 0
expect duration 20m..31m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
