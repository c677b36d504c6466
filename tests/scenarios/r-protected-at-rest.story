# A stack is deleted whose capacity provider protects its instances. The operator takes the protection away while the
# deletion waits, so the listener is still there and each instance is drained over its terminate hook.
instances 2
parameter CapacityProvider=ENABLED
parameter UpdateMethod=InstanceRefresh
parameter ManagedTerminationProtection=ENABLED
service web desired=2 cpu=900
deploy
pass 120
start-faults
delete-services
call cloudformation DeleteStack {"StackName":"$STACK"}
pass 600
heal

expect outcome DELETE_COMPLETE
expect launched 2
expect terminated 2
expect retained 0
expect i-2 DRAINING before i-1 DRAINING
