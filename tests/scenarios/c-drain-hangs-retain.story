# A standalone task never stops. Policy retain: the instance is kept for a person, the next new instance stops the roll,
# and the stack rolls back.
instances 2
parameter DrainDeadlineSeconds=600
fault drain-hangs
deploy
roll
