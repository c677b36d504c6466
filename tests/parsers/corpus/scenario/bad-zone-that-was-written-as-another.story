service web zone=4
