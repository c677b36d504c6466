# No event of a terminate hook ever comes. Each drain begins some minutes later, without a person.
instances 2
fault terminate-events-lost
deploy
roll
