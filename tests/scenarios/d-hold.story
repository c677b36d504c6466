# A drain of half an hour holds the next new instance, so that the next old one is not touched before.
instances 2
service slow desired=2 deregistration=1800
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 52m..1h21m
expect i-1 Terminating:Proceed before i-2 DRAINING
