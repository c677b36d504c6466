# If an abandoned launch went without the terminate hook: it never joined, so there is nothing to drain, and the stack
# rolls back all the same.
instances 2
fault never-joins
switch abandoned-launch-skips-hook
deploy
roll
