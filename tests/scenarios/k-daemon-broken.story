# A daemon that runs nowhere, because no instance can take its task, is not waited for for long.
instances 2
fault broken-daemon
deploy
roll
