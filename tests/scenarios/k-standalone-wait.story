# A standalone task runs for 40 minutes. By default it is waited for, and the roll goes on once it has ended.
instances 2
fault long-task
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 40m..1h3m
expect i-1 DRAINING before i-2 DRAINING
