# The percentages let all four new instances come at once, and all four old ones go at once. BatchSize still says how many
# drain at a time: the others wait for their turn, and their tasks run on.
instances 4
batch 2
parameter UpdateMethod=InstanceRefresh
parameter RefreshMaxHealthyPercentage=200
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 8
expect terminated 4
expect retained 0
expect duration 13m..21m
expect i-2 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-1 DRAINING
expect i-1 DRAINING before i-4 DRAINING
