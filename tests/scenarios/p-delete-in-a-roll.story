# A stack that is being updated cannot be deleted. One whose update is complete can be, though its last drain is still
# open: that drain then waits for nobody.
instances 2
service web desired=2 deregistration=900
deploy
in 300 refused call cloudformation DeleteStack {"StackName": "$STACK"}
in 1400 call cloudformation DeleteStack {"StackName": "$STACK"}
roll
