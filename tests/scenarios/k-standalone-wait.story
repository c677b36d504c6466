# A standalone task runs for 40 minutes. By default it is waited for, and the roll goes on once it has ended.
instances 2
fault long-task
deploy
roll
