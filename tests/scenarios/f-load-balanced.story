# Deregistration takes 300 s and a container 25 of its 30 s to exit: no task is cut off, no service falls below its
# minimum.
instances 2
service shop desired=4 deregistration=300 stop-timeout=30 exit=25
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 13m..20m
expect i-1 DRAINING before i-2 DRAINING
