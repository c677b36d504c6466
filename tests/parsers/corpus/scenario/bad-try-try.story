try try scale 4
