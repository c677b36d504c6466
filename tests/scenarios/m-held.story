# A person holds everything as it is in the middle of a roll, and lets it go on twenty minutes later: the drain that is open
# goes on to its end, no other begins, and nobody is let in meanwhile. Then the roll ends.
instances 3
deploy
in 600 call autoscaling CreateOrUpdateTags {"Tags": [{"ResourceId": "$GROUP", "ResourceType": "auto-scaling-group", "Key": "ecs-rollout:hold", "Value": "sale until noon", "PropagateAtLaunch": false}]}
in 1800 call autoscaling DeleteTags {"Tags": [{"ResourceId": "$GROUP", "ResourceType": "auto-scaling-group", "Key": "ecs-rollout:hold"}]}
roll
