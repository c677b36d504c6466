# A stack with a warm pool is deleted: the pool goes first, over the terminate hooks.
instances 1
parameter UpdateMethod=InstanceRefresh
parameter WarmPoolSize=1
parameter WarmPoolState=Running
service web desired=1
deploy
settle
delete-services
delete

expect outcome DELETE_COMPLETE
expect launched 2
expect terminated 2
expect retained 0
