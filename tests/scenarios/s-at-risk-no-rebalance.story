# Without SpotCapacityRebalance a recommendation changes nothing.
instances 3
parameter PurchaseOption=spot
parameter SpotCapacityRebalance=false
service web desired=3
deploy
in 60 spot-at-risk 0
pass 600
settle

expect outcome CREATE_COMPLETE
expect launched 3
expect terminated 0
expect retained 0
