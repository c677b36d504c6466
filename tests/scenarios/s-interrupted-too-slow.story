# A task that needs longer than two minutes to stop is cut off when EC2 takes its Spot instance back. That is no broken
# promise of ours, and the story says what was lost.
instances 3
parameter PurchaseOption=spot
service web desired=3 deregistration=300
deploy
in 60 spot-interrupted 0
settle
pass 600
settle

expect outcome CREATE_COMPLETE
expect launched 4
expect terminated 1
expect retained 0
