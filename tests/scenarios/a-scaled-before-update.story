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
