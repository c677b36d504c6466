# In the middle of a roll EC2 takes one Spot instance back and calls another at risk. The roll ends on the new AMI.
instances 3
parameter PurchaseOption=spot
service web desired=3 deregistration=60
deploy
in 100 spot-interrupted 1
in 150 spot-at-risk 0
roll
