# A warm pool's moves, into the pool and out of it, are answered CONTINUE at once.
instances 2
parameter EcsWarmPoolsCheck=true
service web desired=2
deploy
warm-pool 1
settle
scale 3
settle
