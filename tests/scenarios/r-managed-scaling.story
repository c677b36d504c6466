# The group is a capacity provider with managed scaling. Before the roll a service grows: its tasks wait in PROVISIONING, and
# ECS scales out. The roll takes the capacity as it finds it. In the middle of it another service grows: RollingUpdate has
# AlarmNotification suspended, so ECS scales out when the update is complete. Then both shrink, and a quarter of an hour later
# ECS scales in: what goes is drained like everything else.
instances 2
parameter ClusterMaxSize=8
parameter CapacityProvider=ENABLED
service web desired=2 cpu=900 deregistration=30
service api desired=2 cpu=700
daemon logs
deploy
call ecs UpdateService {"cluster": "$CLUSTER", "service": "web", "desiredCount": 6}
pass 600
in 400 call ecs UpdateService {"cluster": "$CLUSTER", "service": "api", "desiredCount": 6}
roll
pass 600
call ecs UpdateService {"cluster": "$CLUSTER", "service": "api", "desiredCount": 1}
call ecs UpdateService {"cluster": "$CLUSTER", "service": "web", "desiredCount": 1}
pass 3600
settle
