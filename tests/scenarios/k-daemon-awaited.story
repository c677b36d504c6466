# Images take minutes to pull: a new instance has joined only when its daemon runs on it.
instances 1
daemon logs
service web desired=1
fault slow-pull
deploy
roll
