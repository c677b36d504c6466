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
