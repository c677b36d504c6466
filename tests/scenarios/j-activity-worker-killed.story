# That process is killed while it gives one answer in five, before it is out or after; 10 s later it runs again. What it
# held is asked again after the definition's HeartbeatSeconds.
parameter WorkerHost=Activity
instances 2
fault worker-error
deploy
roll

expect outcome UPDATE_COMPLETE
expect launched 4
expect terminated 2
expect retained 0
expect duration 15m..24m
expect i-1 DRAINING before i-2 DRAINING
