# A stack that is being updated cannot be deleted. One whose update is complete can be, though its last drain is still
# open: that drain then waits for nobody's sake. ECS keeps the cluster until its services are gone.
instances 2
service web desired=2 deregistration=300
deploy
in 300 refused call cloudformation DeleteStack {"StackName": "$STACK"}
in 700 call cloudformation DeleteStack {"StackName": "$STACK"}
roll
delete-services
pass 300
delete

expect outcome DELETE_COMPLETE
expect launched 4
expect terminated 4
expect retained 0
expect duration 16m..25m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-4 DRAINING
expect i-4 DRAINING before i-3 DRAINING
