daemon ü x
service =a
alarm   a
parameter =
