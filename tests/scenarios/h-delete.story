# The stack is deleted while services run. Their tasks have nowhere to go, so they are told to stop at once, and the
# instances go when they have. ECS keeps a cluster that has services, so the cluster goes in the second attempt, when
# its services are gone.
instances 2
service web desired=2 deregistration=300
deploy
delete
delete-services
pass 300
delete

expect outcome DELETE_COMPLETE
expect launched 2
expect terminated 2
expect retained 0
expect i-1 DRAINING before i-2 DRAINING
