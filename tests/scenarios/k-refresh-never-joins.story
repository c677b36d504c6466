# The second new instance never joins. It is given up, the refresh is cancelled, and another refresh brings back what was
# replaced.
instances 2
parameter UpdateMethod=InstanceRefresh
parameter JoinDeadlineSeconds=300
deploy
in 60 fault never-joins
roll
