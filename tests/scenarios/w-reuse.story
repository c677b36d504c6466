# With reuse a scale-in puts the instance back into the pool: drained first, as one that leaves for good. When it is needed
# again it is DRAINING still, and is set ACTIVE.
instances 2
parameter UpdateMethod=InstanceRefresh
parameter WarmPoolSize=1
parameter WarmPoolPreparedCapacity=3
parameter WarmPoolReuseOnScaleIn=true
service web desired=3 deregistration=60
deploy
settle
scale 3
settle
scale 2
settle
scale 3
settle

expect outcome CREATE_COMPLETE
expect launched 3
expect terminated 0
expect retained 0
