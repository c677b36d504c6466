# A warm pool is added to a cluster: a roll, because the user data changes, and then the pool. It is given up again in two
# updates, because its agents must wait as long as there is a pool: the first deletes it, the second is a roll.
instances 2
parameter UpdateMethod=InstanceRefresh
service web desired=2
deploy
call cloudformation UpdateStack {"StackName": "$STACK", "UsePreviousTemplate": true, "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"], "Parameters": [{"ParameterKey": "EcsClusterName", "UsePreviousValue": true}, {"ParameterKey": "ClusterSize", "UsePreviousValue": true}, {"ParameterKey": "ClusterMaxSize", "UsePreviousValue": true}, {"ParameterKey": "SubnetIds", "UsePreviousValue": true}, {"ParameterKey": "SecurityGroupIds", "UsePreviousValue": true}, {"ParameterKey": "UpdateMethod", "UsePreviousValue": true}, {"ParameterKey": "WarmPoolSize", "ParameterValue": "1"}]}
settle
call cloudformation UpdateStack {"StackName": "$STACK", "UsePreviousTemplate": true, "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"], "Parameters": [{"ParameterKey": "EcsClusterName", "UsePreviousValue": true}, {"ParameterKey": "ClusterSize", "UsePreviousValue": true}, {"ParameterKey": "ClusterMaxSize", "UsePreviousValue": true}, {"ParameterKey": "SubnetIds", "UsePreviousValue": true}, {"ParameterKey": "SecurityGroupIds", "UsePreviousValue": true}, {"ParameterKey": "UpdateMethod", "UsePreviousValue": true}, {"ParameterKey": "EcsWarmPoolsCheck", "ParameterValue": "true"}]}
settle
call cloudformation UpdateStack {"StackName": "$STACK", "UsePreviousTemplate": true, "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"], "Parameters": [{"ParameterKey": "EcsClusterName", "UsePreviousValue": true}, {"ParameterKey": "ClusterSize", "UsePreviousValue": true}, {"ParameterKey": "ClusterMaxSize", "UsePreviousValue": true}, {"ParameterKey": "SubnetIds", "UsePreviousValue": true}, {"ParameterKey": "SecurityGroupIds", "UsePreviousValue": true}, {"ParameterKey": "UpdateMethod", "UsePreviousValue": true}]}
settle

expect outcome UPDATE_COMPLETE
expect launched 7
expect terminated 5
expect retained 0
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
