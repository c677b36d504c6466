# An instance refresh of a group with a warm pool: the group's instances are replaced first, then those of the pool.
instances 2
parameter UpdateMethod=InstanceRefresh
parameter WarmPoolSize=2
service web desired=2
deploy
settle
roll
