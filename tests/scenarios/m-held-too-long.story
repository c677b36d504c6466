# The same for longer than the hour that CloudFormation gives a batch: the update fails, and its way back is held as well. Let
# go, all end on the old AMI.
instances 3
deploy
in 600 call autoscaling CreateOrUpdateTags {"Tags": [{"ResourceId": "$GROUP", "ResourceType": "auto-scaling-group", "Key": "ecs-rollout:hold", "Value": "sale until noon", "PropagateAtLaunch": false}]}
in 6000 call autoscaling DeleteTags {"Tags": [{"ResourceId": "$GROUP", "ResourceType": "auto-scaling-group", "Key": "ecs-rollout:hold"}]}
roll

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 9
expect terminated 6
expect retained 0
expect duration 1h43m..2h41m
expect i-6 complete-action Over
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
