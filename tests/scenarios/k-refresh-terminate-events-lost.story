# An instance refresh in which no event of a terminate hook ever comes: the reconciler starts each drain.
instances 2
parameter UpdateMethod=InstanceRefresh
fault terminate-events-lost
deploy
roll
