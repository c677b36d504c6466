# Somebody scaled the group from 3 to 5. CapacityOwner is template, so the update sets it to 3 before the first batch:
# two instances leave at once, each drain in its turn, and the rollout ends with 3.
instances 3
parameter ClusterMaxSize=10
service web desired=5 deregistration=30
daemon logs

deploy
scale 5
settle
roll

expect outcome UPDATE_COMPLETE
expect launched 8
expect terminated 5
expect retained 0
expect duration 8m..12m
expect i-2 DRAINING before i-1 DRAINING
expect i-1 DRAINING before i-3 DRAINING
expect i-3 DRAINING before i-4 DRAINING
