# While the instance still stands at its hook (its event is late) the next rollout begins, and does not wait for it.
instances 2
parameter DrainDeadlineSeconds=600
fault drain-hangs
fault event-late
deploy
roll
terminate steps=2
roll
