# CapacityOwner=autoscaling: the capacity was changed before the roll, which leaves it as it is, and is changed again in the
# middle of it. When the update is complete CloudFormation sets the capacity back to what it was before the roll, never to
# the number in the template.
instances 2
parameter ClusterMaxSize=8
parameter CapacityOwner=autoscaling
deploy
scale 3
settle
in 300 scale 5
roll
