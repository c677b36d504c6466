# The agent of a leaving instance is gone. Ten minutes later its drain has failed: the instance is kept, the stack rolls back.
instances 2
parameter DrainDeadlineSeconds=1500
parameter DrainDeadlinePolicy=retain
fault agent-gone
deploy
roll
