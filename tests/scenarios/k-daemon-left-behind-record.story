# Each new instance has a second container instance record, ACTIVE and without an agent. A daemon wants a task on each record,
# and has none on these: no drain waits for that.
instances 3
service web desired=3 deregistration=60
daemon logs
fault joins-twice
deploy
roll
