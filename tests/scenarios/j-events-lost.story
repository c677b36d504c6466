# WorkerHost=Activity: the reconciler is a state machine, so that an activity worker serves it like the others.
instances 2
parameter WorkerHost=Activity
fault terminate-events-lost
deploy
roll
