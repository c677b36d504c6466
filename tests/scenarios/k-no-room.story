# A service whose minimum and maximum are both 100 % can never move a task: the reason says so, long before the deadline.
instances 2
parameter DrainDeadlineSeconds=900
fault no-room
deploy
roll
