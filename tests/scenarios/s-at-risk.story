# EC2 calls a Spot instance at risk: the group launches a replacement, and then lets the one at risk go over its terminate
# hook, drained without haste.
instances 3
parameter PurchaseOption=spot
service web desired=3 deregistration=300
deploy
in 60 spot-at-risk 0
settle
pass 600
settle

expect outcome CREATE_COMPLETE
expect launched 4
expect terminated 1
expect retained 0
