# One event in five is lost, and now and then one of the reconciler's own rule. All ends well without a person.
instances 4
fault event-lost
deploy
roll
