# An operator starts a refresh to a new launch template version, outside any stack operation. Nobody signals, nobody
# cancels, but a new instance is held while an old one drains.
instances 2
deploy
call ec2 CreateLaunchTemplateVersion {"LaunchTemplateId": "$TEMPLATE", "SourceVersion": "1", "LaunchTemplateData": {"ImageId": "ami-0123456789abcdef0"}}
call autoscaling StartInstanceRefresh {"AutoScalingGroupName": "$GROUP", "DesiredConfiguration": {"LaunchTemplate": {"LaunchTemplateId": "$TEMPLATE", "Version": "2"}}, "Preferences": {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 110, "SkipMatching": true}}
settle

expect outcome CREATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect i-1 DRAINING before i-2 DRAINING
