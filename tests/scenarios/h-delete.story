# The stack is deleted: every instance drains and goes, then the workflow, then the cluster.
instances 2
service web desired=2
deploy
delete
