# The workers are no functions but a process that polls activities; the stack is deleted with them in the end.
parameter WorkerHost=Activity
instances 2
deploy
roll
delete-services
settle
delete

expect outcome DELETE_COMPLETE
expect launched 4
expect terminated 4
expect retained 0
expect duration 14m..22m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-4 DRAINING
expect i-4 DRAINING before i-3 DRAINING
