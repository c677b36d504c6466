# The new AMI's instance is REGISTERING until after its join deadline: it is abandoned, and since it is known to the
# cluster by then, it is drained as soon as it is ACTIVE.
instances 2
fault registers-slowly
deploy
roll
