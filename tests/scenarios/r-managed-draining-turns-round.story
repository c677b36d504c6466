# The roll is cancelled while a drain is open. ECS knows no turns: what the way back takes out is DRAINING at once, so two
# drains are open where ours alone would have waited.
instances 3
parameter CapacityProvider=ENABLED
parameter ManagedScaling=DISABLED
parameter ManagedDraining=ENABLED
service web desired=3 deregistration=300
deploy
in 400 call cloudformation CancelUpdateStack {"StackName": "$STACK"}
roll

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 7
expect terminated 4
expect retained 0
expect duration 21m..33m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-4 DRAINING
expect i-4 DRAINING before i-5 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
