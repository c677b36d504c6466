# A warm pool made by the template. New instances go into it over the launch hook at once; what comes out of it into the
# group is launched as any other: it joins, is held if need be, and is let in.
instances 2
parameter UpdateMethod=InstanceRefresh
parameter WarmPoolSize=1
service web desired=2
deploy
settle
scale 3
settle

expect outcome CREATE_COMPLETE
expect launched 4
expect terminated 0
expect retained 0
