# The method is changed by an update of its own, which replaces nothing. The roll after it is a refresh.
instances 2
parameter UpdateMethod=RollingUpdate
deploy
call cloudformation UpdateStack {"StackName": "$STACK", "UsePreviousTemplate": true, "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"], "Parameters": [{"ParameterKey": "UpdateMethod", "ParameterValue": "InstanceRefresh"}, {"ParameterKey": "EcsClusterName", "UsePreviousValue": true}, {"ParameterKey": "ClusterSize", "UsePreviousValue": true}, {"ParameterKey": "ClusterMaxSize", "UsePreviousValue": true}, {"ParameterKey": "SubnetIds", "UsePreviousValue": true}, {"ParameterKey": "SecurityGroupIds", "UsePreviousValue": true}]}
settle
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 15m..24m
expect i-1 DRAINING before i-2 DRAINING
