# If a refresh does not wait for instances at their terminate hooks, the hold keeps its batches of drains apart.
instances 2
parameter UpdateMethod=InstanceRefresh
variant refresh-passes-terminate-hooks
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 15m..24m
expect i-1 DRAINING before i-2 DRAINING
