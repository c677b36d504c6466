# The percentages let all four new instances come at once, and all four old ones go at once. BatchSize still says how many
# drain at a time: the others wait for their turn, and their tasks run on.
instances 4
batch 2
parameter UpdateMethod=InstanceRefresh
parameter RefreshMaxHealthyPercentage=200
deploy
roll
