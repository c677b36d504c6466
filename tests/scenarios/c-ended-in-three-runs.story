# The operator's program is killed after its first step, and after its second. Run again, it continues where it was.
instances 2
parameter DrainDeadlineSeconds=600
fault drain-hangs
deploy
roll
terminate steps=1
terminate steps=1
terminate
roll
