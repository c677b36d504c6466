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
