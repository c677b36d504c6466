# A person holds everything as it is in the middle of a roll, and lets it go on twenty minutes later: the drain that is open
# goes on to its end, no other begins, and nobody is let in meanwhile. Then the roll ends.
instances 3
deploy
in 600 call autoscaling CreateOrUpdateTags {"Tags": [{"ResourceId": "$GROUP", "ResourceType": "auto-scaling-group", "Key": "ecs-rollout:hold", "Value": "sale until noon", "PropagateAtLaunch": false}]}
in 1800 call autoscaling DeleteTags {"Tags": [{"ResourceId": "$GROUP", "ResourceType": "auto-scaling-group", "Key": "ecs-rollout:hold"}]}
roll

expect outcome UPDATE_COMPLETE
expect launched 6
expect terminated 3
expect retained 0
expect duration 31m..48m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
