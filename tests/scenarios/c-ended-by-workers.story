# The operator's program is killed before it answers the hook, and not run again. The workers find the request, and answer.
instances 2
parameter DrainDeadlineSeconds=600
fault drain-hangs
deploy
roll
terminate steps=2
settle
