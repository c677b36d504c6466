# As w-reuse, where a container instance whose machine is started again is ACTIVE by itself: nobody has proven that it is not.
instances 2
variant restarted-agent-is-active
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
