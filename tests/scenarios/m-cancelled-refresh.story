# The same under instance refresh: the refresh is cancelled too, and the way back waits for its turn.
instances 3
parameter UpdateMethod=InstanceRefresh
deploy
in 600 call cloudformation CancelUpdateStack {"StackName": "$STACK"}
roll

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 5
expect terminated 2
expect retained 0
expect duration 18m..28m
expect i-1 DRAINING before i-4 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
