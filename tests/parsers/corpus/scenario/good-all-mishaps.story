deploy
start-faults
dies 0
agent-away 1 60
agent-gone 0
execution-restarted 1
execution-stopped 0
task-exits 2
service-scaled 0 4
service-redeployed 1
operator-drains 0
functions-away 60
spot-interrupted 0
spot-at-risk 1
in 5 workers-updated
start-rollout
heal
