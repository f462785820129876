"""What is wrong with a scenario that was asked for: it is bad usage, and nothing is run."""

from __future__ import annotations

from cordon.model.text import quoted


class BadScenario(ValueError):
    """Names the field, what was found and what was expected, in one line."""

    def __init__(self, field: str, found: object, expected: str) -> None:
        """Say what is wrong; `found` comes from outside and is quoted, `field` and `expected` are ours."""
        super().__init__(f"{field}: found {quoted(found)}, expected {expected}")
        self.field, self.found, self.expected = field, found, expected
