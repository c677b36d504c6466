# In the middle of a roll EC2 takes one Spot instance back and calls another at risk. The roll ends on the new AMI.
instances 3
parameter PurchaseOption=spot
service web desired=3 deregistration=60
deploy
in 100 spot-interrupted 1
in 150 spot-at-risk 0
roll

expect outcome UPDATE_COMPLETE
expect launched 6
expect terminated 3
expect retained 0
expect duration 6m..9m
expect i-1 DRAINING before i-2 DRAINING
expect i-2 DRAINING before i-3 DRAINING
