# One invocation in five crashes, before or after its work.
instances 2
fault worker-error
deploy
roll
