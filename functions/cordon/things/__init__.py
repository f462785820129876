"""What an alarm is about: facts of the thing, its certificates, groups and sessions. This room only reads."""
