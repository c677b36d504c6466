# The workers are no functions but a process that polls activities; the stack is deleted with them in the end.
parameter WorkerHost=Activity
instances 2
deploy
roll
delete-services
settle
delete
