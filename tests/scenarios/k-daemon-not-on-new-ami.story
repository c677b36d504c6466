# A daemon cannot run on the new AMI: its host port is taken there by another daemon, which the new AMI alone runs. With
# WaitForDaemons=false the new instances join without it, and no drain waits for it either.
instances 2
parameter WaitForDaemons=false
service web desired=2
deploy
call ecs RegisterTaskDefinition {"family": "exporter", "networkMode": "bridge", "containerDefinitions": [{"name": "e", "image": "e", "essential": true, "cpu": 10, "memory": 64, "portMappings": [{"containerPort": 9100, "hostPort": 9100}]}]}
call ecs CreateService {"cluster": "$CLUSTER", "serviceName": "exporter", "taskDefinition": "exporter", "schedulingStrategy": "DAEMON", "launchType": "EC2"}
call ecs CreateService {"cluster": "$CLUSTER", "serviceName": "baked-in", "taskDefinition": "exporter", "schedulingStrategy": "DAEMON", "launchType": "EC2", "placementConstraints": [{"type": "memberOf", "expression": "attribute:ecs.ami-id != ami-a83c0ccd92120d168"}]}
settle
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 4m..6m
expect i-1 DRAINING before i-2 DRAINING
