# Somebody cancels the update in the middle: it rolls back with the same care.
instances 3
deploy
in 600 call cloudformation CancelUpdateStack {"StackName": "$STACK"}
roll
