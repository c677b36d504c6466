# Each new instance has a second container instance record, ACTIVE and without an agent. A daemon wants a task on each record,
# and has none on these: no drain waits for that.
instances 3
service web desired=3 deregistration=60
daemon logs
fault joins-twice
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 6
expect terminated 3
expect retained 0
expect duration 8m..12m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
