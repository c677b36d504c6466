# A warm pool's moves are answered CONTINUE at once; an instance that comes out of the pool has to join.
instances 2
parameter EcsWarmPoolsCheck=true
service web desired=2
deploy
warm-pool 1
settle
scale 3
settle
