# If a signal for an instance that is not InService yet did not count, the one that is sent again would.
instances 2
variant early-signal-lost
deploy
roll
