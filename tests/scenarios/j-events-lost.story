# WorkerHost=Activity: the reconciler is a state machine, so that an activity worker serves it like the others.
instances 2
parameter WorkerHost=Activity
fault terminate-events-lost
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 19m..30m
expect i-1 DRAINING before i-2 DRAINING
