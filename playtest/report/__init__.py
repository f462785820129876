"""A playtest as people see it: states as they run, then what became of the alarms, the fleet and the incidents."""
