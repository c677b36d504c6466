# CapacityOwner=autoscaling: the capacity was changed before the roll, which leaves it as it is, and is changed again in the
# middle of it. CloudFormation forgets that when it takes back the instance that it had added, but never goes to the
# number in the template.
instances 2
parameter ClusterMaxSize=8
parameter CapacityOwner=autoscaling
deploy
scale 3
settle
in 300 scale 5
roll
