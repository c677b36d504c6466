# A drain hangs, and its instance is retained. The operator ends it with the steps of `ecs-rollout terminate`: the request is noted
# in ECS, the instance is terminated, and its hook, which opens again, is answered. The next rollout completes.
instances 2
parameter DrainDeadlineSeconds=600
fault drain-hangs
deploy
roll
terminate
roll
