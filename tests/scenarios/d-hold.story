# A drain of half an hour holds the next new instance, so that the next old one is not touched before.
instances 2
service slow desired=2 deregistration=1800
deploy
roll
