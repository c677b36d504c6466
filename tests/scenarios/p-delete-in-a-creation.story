# The stack is deleted while its first instances join.
instances 2
in 100 call cloudformation DeleteStack {"StackName": "$STACK"}
create
