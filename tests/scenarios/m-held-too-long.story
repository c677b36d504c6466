# The same for longer than the hour that CloudFormation gives a batch: the update fails, and its way back is held as well. Let
# go, all end on the old AMI.
instances 3
deploy
in 600 call autoscaling CreateOrUpdateTags {"Tags": [{"ResourceId": "$GROUP", "ResourceType": "auto-scaling-group", "Key": "ecs-rollout:hold", "Value": "sale until noon", "PropagateAtLaunch": false}]}
in 6000 call autoscaling DeleteTags {"Tags": [{"ResourceId": "$GROUP", "ResourceType": "auto-scaling-group", "Key": "ecs-rollout:hold"}]}
roll
