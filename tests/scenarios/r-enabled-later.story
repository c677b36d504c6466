# The capacity provider comes to a stack that is there, and goes again; neither replaces anything. While ECS sets the capacity
# the roll leaves it alone, though CapacityOwner says template. When the capacity provider has gone, that holds again.
instances 2
parameter ClusterMaxSize=6
parameter CapacityProvider=DISABLED
parameter ManagedDraining=DISABLED
parameter UpdateMethod=InstanceRefresh
service web desired=2
deploy
call cloudformation UpdateStack {"StackName": "$STACK", "UsePreviousTemplate": true, "Capabilities": ["CAPABILITY_IAM"], "Parameters": [{"ParameterKey": "CapacityProvider", "ParameterValue": "ENABLED"}, {"ParameterKey": "ManagedDraining", "ParameterValue": "ENABLED"}, {"ParameterKey": "UpdateMethod", "UsePreviousValue": true}, {"ParameterKey": "EcsClusterName", "UsePreviousValue": true}, {"ParameterKey": "ClusterSize", "UsePreviousValue": true}, {"ParameterKey": "ClusterMaxSize", "UsePreviousValue": true}, {"ParameterKey": "SubnetIds", "UsePreviousValue": true}, {"ParameterKey": "SecurityGroupIds", "UsePreviousValue": true}]}
settle
call ecs RegisterTaskDefinition {"family": "grows", "containerDefinitions": [{"name": "grows", "image": "grows:1", "cpu": 1500, "memory": 512}]}
call ecs CreateService {"cluster": "$CLUSTER", "serviceName": "grows", "taskDefinition": "grows", "desiredCount": 3}
pass 300
roll
refused call ecs DeleteCapacityProvider {"capacityProvider": "cp-$CLUSTER"}
call ecs DeleteService {"cluster": "$CLUSTER", "service": "grows", "force": true}
pass 120
call cloudformation UpdateStack {"StackName": "$STACK", "UsePreviousTemplate": true, "Capabilities": ["CAPABILITY_IAM"], "Parameters": [{"ParameterKey": "CapacityProvider", "ParameterValue": "DISABLED"}, {"ParameterKey": "UpdateMethod", "UsePreviousValue": true}, {"ParameterKey": "EcsClusterName", "UsePreviousValue": true}, {"ParameterKey": "ClusterSize", "UsePreviousValue": true}, {"ParameterKey": "ClusterMaxSize", "UsePreviousValue": true}, {"ParameterKey": "SubnetIds", "UsePreviousValue": true}, {"ParameterKey": "SecurityGroupIds", "UsePreviousValue": true}]}
settle

expect outcome UPDATE_COMPLETE
expect launched 6
expect terminated 4
expect retained 0
expect duration 11m..18m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
