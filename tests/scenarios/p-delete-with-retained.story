# A drain hangs, its instance is retained, and the update rolls back. Then the stack is deleted. The group cannot go: a
# desired capacity of 0 leaves a retained instance where it is. The deletion stands still until an operator ends it.
instances 2
parameter DrainDeadlineSeconds=600
fault drain-hangs
deploy
roll
delete-services
call cloudformation DeleteStack {"StackName": "$STACK"}
pass 3600
terminate
settle

expect outcome DELETE_COMPLETE
expect launched 5
expect terminated 5
expect retained 0
expect duration 22m..35m
expect i-1 drained Never
expect i-4 stable Never
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect i-4 DRAINING before i-5 DRAINING
