# Events come late and twice. The event of the hook that opens again finds the instance ended already, or on its way: its
# executions end well, and no drain begins.
instances 2
parameter DrainDeadlineSeconds=600
fault drain-hangs
fault event-late
fault event-twice
deploy
roll
terminate
settle
roll
