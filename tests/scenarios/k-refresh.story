# UpdateMethod=InstanceRefresh: Auto Scaling replaces the instances, CloudFormation follows it. It pauses after half of
# them, and bakes after the last. Nobody signals, and a new instance is held while an old one drains.
instances 4
parameter UpdateMethod=InstanceRefresh
parameter RefreshCheckpointPercentages=50,100
parameter RefreshCheckpointDelaySeconds=900
parameter RefreshBakeTimeSeconds=600
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 8
expect terminated 4
expect retained 0
expect duration 52m..1h21m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
