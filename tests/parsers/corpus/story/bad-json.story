event [1]
