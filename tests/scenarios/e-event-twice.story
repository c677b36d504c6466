# Every event comes twice, so two executions work on each instance.
instances 2
fault event-twice
deploy
roll
