"""Run a scenario: raw alarms into the local AWS, and what became of them read from its record."""
