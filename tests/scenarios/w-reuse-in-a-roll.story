# In the middle of a roll the group shrinks, and the instance goes back into the pool: its drain is one of the roll's, which
# come one at a time, and it holds the new instances.
instances 2
parameter UpdateMethod=InstanceRefresh
parameter WarmPoolSize=1
parameter WarmPoolPreparedCapacity=4
parameter WarmPoolReuseOnScaleIn=true
parameter CapacityOwner=autoscaling
service web desired=3 deregistration=120
deploy
scale 3
settle
in 100 scale 2
roll

expect outcome UPDATE_COMPLETE
expect launched 8
expect terminated 4
expect retained 0
expect duration 14m..22m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
