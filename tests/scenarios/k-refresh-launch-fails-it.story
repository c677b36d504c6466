# The same where an abandoned launch makes a refresh fail by itself: there is nothing left to cancel.
instances 2
parameter UpdateMethod=InstanceRefresh
parameter JoinDeadlineSeconds=300
variant abandoned-launch-fails-refresh
deploy
in 60 fault never-joins
roll
