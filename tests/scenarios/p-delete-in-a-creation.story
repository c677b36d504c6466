# The stack is deleted while its first instances join.
instances 2
in 100 call cloudformation DeleteStack {"StackName": "$STACK"}
create

expect outcome DELETE_COMPLETE
expect terminated 0
expect retained 0
