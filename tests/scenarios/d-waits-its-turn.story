# Batches of one. The first drain hangs, and the new instance never joins: the roll fails while that drain is open, and the
# rollback takes another instance out of the group. Its drain waits until the first one has ended.
instances 3
parameter DrainDeadlineSeconds=2400
fault never-joins
fault drain-hangs
deploy
roll
