# An instance that is no member of the cluster goes at once.
instances 2
service web desired=2
deploy
scale 3
settle
deregister
scale 2
settle

expect outcome CREATE_COMPLETE
expect launched 3
expect terminated 1
expect retained 0
