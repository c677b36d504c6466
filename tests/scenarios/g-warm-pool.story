# A warm pool that the template does not make: a new instance goes into it at once, and joins when it comes out of it.
instances 2
parameter EcsWarmPoolsCheck=true
service web desired=2
deploy
warm-pool 1
settle
scale 3
settle

expect outcome CREATE_COMPLETE
expect launched 4
expect terminated 0
expect retained 0
