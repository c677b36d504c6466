in 60 roll
