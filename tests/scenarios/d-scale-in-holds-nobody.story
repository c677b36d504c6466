# Outside an update of the stack a scale-in drains, and an instance that is launched meanwhile is not held.
instances 2
service slow desired=2 deregistration=600
deploy
scale 3
settle
scale 2
pass 60
scale 3
settle

expect outcome CREATE_COMPLETE
expect launched 4
expect terminated 1
expect retained 0
