# A drain hangs under a refresh. Its instance is retained, the next new one stops the roll: the refresh is cancelled before
# that one is let in, and no other drain began meanwhile.
instances 2
parameter UpdateMethod=InstanceRefresh
parameter DrainDeadlineSeconds=600
fault drain-hangs
deploy
roll
