# The same where an abandoned launch makes a refresh fail by itself: there is nothing left to cancel.
instances 2
parameter UpdateMethod=InstanceRefresh
parameter JoinDeadlineSeconds=300
variant abandoned-launch-fails-refresh
deploy
in 60 fault never-joins
roll

expect outcome UPDATE_ROLLBACK_COMPLETE
expect launched 5
expect terminated 3
expect retained 0
expect duration 21m..32m
expect i-4 joined Never
expect i-1 DRAINING before i-3 DRAINING
expect stack UPDATE_ROLLBACK_IN_PROGRESS
