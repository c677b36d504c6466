# A task of a service is protected from scale-in for 40 minutes: it is waited for, whatever the policy for standalone tasks.
instances 2
parameter DrainDeadlinePolicy=stop-tasks
parameter StandaloneTaskPolicy=stop
parameter StandaloneTaskLimitSeconds=300
fault protected-task
deploy
roll
