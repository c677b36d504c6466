# a

  deploy  
	roll
