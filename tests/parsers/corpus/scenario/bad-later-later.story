in 60 try in 60 scale 4
