# The same under instance refresh: the refresh is cancelled too, and the way back waits for its turn.
instances 3
parameter UpdateMethod=InstanceRefresh
deploy
in 600 call cloudformation CancelUpdateStack {"StackName": "$STACK"}
roll
