# A pool needs an instance refresh: a rolling update would leave its instances on the old AMI, and the template says so.
instances 2
service web desired=2
deploy
refused call cloudformation UpdateStack {"StackName": "$STACK", "UsePreviousTemplate": true, "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"], "Parameters": [{"ParameterKey": "WarmPoolSize", "ParameterValue": "1"}, {"ParameterKey": "EcsClusterName", "UsePreviousValue": true}, {"ParameterKey": "ClusterSize", "UsePreviousValue": true}, {"ParameterKey": "ClusterMaxSize", "UsePreviousValue": true}, {"ParameterKey": "SubnetIds", "UsePreviousValue": true}, {"ParameterKey": "SecurityGroupIds", "UsePreviousValue": true}]}

expect outcome CREATE_COMPLETE
expect launched 2
expect terminated 0
expect retained 0
