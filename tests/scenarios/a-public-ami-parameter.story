# The stack takes its AMI from a parameter that AWS owns. AWS publishes a new AMI there, and an update rolls to it.
instances 2
parameter EcsAmiParameterKey=/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id
service web desired=2

deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 3m..5m
expect i-1 DRAINING before i-2 DRAINING
