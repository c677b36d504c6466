# all
seed 7
parameter ClusterSize=3
parameter Odd = a=b  
instances 4
batch 2
service web desired=2 minimum=50 maximum=150 cpu=128 memory=256 stop-timeout=30 exit=3 deregistration=300 host-port=80 distinct=1
service one desired=1 zone=2
daemon logs
task job count=2 run=60
variant early-signal-lost
variant restarted-agent-is-active
fault throttle

deploy
roll
