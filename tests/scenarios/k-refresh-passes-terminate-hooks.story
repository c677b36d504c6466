# If a refresh does not wait for instances at their terminate hooks, the hold keeps its batches of drains apart.
instances 2
parameter UpdateMethod=InstanceRefresh
variant refresh-passes-terminate-hooks
deploy
roll
