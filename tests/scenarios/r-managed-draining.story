# ECS's managed draining works beside ours: it sets a leaving instance DRAINING at once, and the instance goes when both hooks
# are answered. The hold still keeps the batches apart.
instances 3
parameter CapacityProvider=ENABLED
parameter ManagedScaling=DISABLED
parameter ManagedDraining=ENABLED
service web desired=3 deregistration=60
daemon logs
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 6
expect terminated 3
expect retained 0
expect duration 7m..11m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
