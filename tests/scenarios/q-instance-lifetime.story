# The group replaces instances that are older than a day, outside any stack operation. They drain before they go; nobody is
# held, nobody is signalled.
instances 2
deploy
call autoscaling UpdateAutoScalingGroup {"AutoScalingGroupName": "$GROUP", "MaxInstanceLifetime": 86400}
pass 86400
settle

expect outcome CREATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect i-1 DRAINING before i-2 DRAINING
