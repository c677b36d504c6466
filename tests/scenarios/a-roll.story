# The plain roll: one old instance at a time leaves, and only when a new one has joined and the last drain is over.
instances 2
deploy
roll
