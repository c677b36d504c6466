refused roll
