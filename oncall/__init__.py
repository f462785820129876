"""The `cordon` command, for people on call and for the playtest."""
