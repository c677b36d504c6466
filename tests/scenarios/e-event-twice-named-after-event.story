# The same, if AWS names executions after events: the second delivery is refused.
instances 2
fault event-twice
variant execution-named-after-event
deploy
roll
