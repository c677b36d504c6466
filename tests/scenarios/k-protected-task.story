# A task of a service is protected from scale-in for 40 minutes: it is waited for, whatever the policy for standalone tasks.
instances 2
parameter DrainDeadlinePolicy=stop-tasks
parameter StandaloneTaskPolicy=stop
parameter StandaloneTaskLimitSeconds=300
fault protected-task
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 40m..1h2m
expect i-1 DRAINING before i-2 DRAINING
