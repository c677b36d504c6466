in 60 try roll
