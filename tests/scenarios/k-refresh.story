# UpdateMethod=InstanceRefresh: Auto Scaling replaces the instances, CloudFormation follows it. It pauses after half of
# them, and bakes after the last. Nobody signals, and a new instance is held while an old one drains.
instances 4
parameter UpdateMethod=InstanceRefresh
parameter RefreshCheckpointPercentages=50,100
parameter RefreshCheckpointDelaySeconds=900
parameter RefreshBakeTimeSeconds=600
deploy
roll
