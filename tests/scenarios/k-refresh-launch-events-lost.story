# An instance refresh in which no event of a launch hook ever comes: the reconciler starts each execution.
instances 2
parameter UpdateMethod=InstanceRefresh
fault launch-events-lost
deploy
roll
