# If a refresh waits for terminate hooks itself, the hold has nothing to do, and nothing else changes.
instances 2
parameter UpdateMethod=InstanceRefresh
switch refresh-awaits-terminate-hooks
deploy
roll
