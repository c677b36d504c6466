# No event of a launch hook ever comes. The reconciler starts each execution some minutes later, without a person.
instances 2
fault launch-events-lost
deploy
roll
