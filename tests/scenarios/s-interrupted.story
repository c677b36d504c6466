# EC2 takes a Spot instance back two minutes after its notice. Its agent drains it at once, and its tasks stop in time; the
# health check finds the machine gone, and the terminate hook of a dead machine is answered at once.
instances 3
parameter PurchaseOption=spot
service web desired=3
deploy
in 60 spot-interrupted 0
settle
pass 600
settle

expect outcome CREATE_COMPLETE
expect launched 4
expect terminated 1
expect retained 0
