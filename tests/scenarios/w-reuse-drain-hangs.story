# A drain on the way back into the pool that fails keeps the instance (Warmed:Pending:Retained), and the next roll stops.
instances 2
parameter UpdateMethod=InstanceRefresh
parameter WarmPoolSize=1
parameter WarmPoolPreparedCapacity=4
parameter WarmPoolReuseOnScaleIn=true
parameter DrainDeadlineSeconds=600
service web desired=2
task report count=2
deploy
settle
scale 3
settle
scale 2
settle
roll
