deploy
create
scale 2
warm-pool 1
event {"detail": {"EC2InstanceId": "$INSTANCE"}}
deregister
settle
pass 60
delete-services
delete
call ecs ListTasks {"cluster": "$CLUSTER"}
refused call ecs DeleteCluster {}
terminate
terminate stop-tasks steps=2
alarm a b
alarm-over a b
fault drain-hangs
fault-over
fault-over drain-hangs
in 5 try scale 4
start-faults
start-rollout
heal
