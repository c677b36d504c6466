# Somebody cancels the update in the middle: it rolls back with the same care.
instances 3
deploy
in 600 call cloudformation CancelUpdateStack {"StackName": "$STACK"}
roll

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 9
expect terminated 6
expect retained 0
expect duration 35m..54m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
