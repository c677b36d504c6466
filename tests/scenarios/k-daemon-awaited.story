# Images take minutes to pull: a new instance has joined only when its daemon runs on it.
instances 1
daemon logs
service web desired=1
fault slow-pull
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 2
expect terminated 1
expect retained 0
expect duration 7m..10m
