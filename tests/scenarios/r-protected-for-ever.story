# The stack is deleted in the minute in which the last task has stopped: ECS has not taken its protection back, and once its
# capacity provider is gone nobody does. The group cannot shrink, until an operator says that the instances may go.
instances 2
parameter CapacityProvider=ENABLED
parameter UpdateMethod=InstanceRefresh
parameter ManagedTerminationProtection=ENABLED
service web desired=2 cpu=900
deploy
pass 120
delete-services
pass 15
in 600 call autoscaling SetInstanceProtection {"AutoScalingGroupName": "$GROUP", "InstanceIds": ["$INSTANCE", "$NEWEST"], "ProtectedFromScaleIn": false}
delete

expect outcome DELETE_COMPLETE
expect launched 2
expect terminated 2
expect retained 0
expect i-1 DRAINING before i-2 DRAINING
