# Deregistration takes 300 s and a container 25 of its 30 s to exit: no task is cut off, no service falls below its
# minimum.
instances 2
service shop desired=4 deregistration=300 stop-timeout=30 exit=25
deploy
roll
