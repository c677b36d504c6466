# An instance refresh of a group with a warm pool: the group's instances are replaced first, then those of the pool.
instances 2
parameter UpdateMethod=InstanceRefresh
parameter WarmPoolSize=2
service web desired=2
deploy
settle
roll

expect outcome UPDATE_COMPLETE
expect launched 8
expect terminated 4
expect retained 0
expect duration 9m..14m
expect i-1 DRAINING before i-2 DRAINING
