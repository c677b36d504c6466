terminate it now
