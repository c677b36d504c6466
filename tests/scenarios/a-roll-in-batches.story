# Two at a time: two drains are open together, never three.
instances 4
batch 2
deploy
roll
