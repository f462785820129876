"""AWS's own rules for the name and the attributes of a thing, checked before anything is created."""

from __future__ import annotations

import re
from collections.abc import Mapping

THING_NAME = r"[a-zA-Z0-9:_-]{1,128}"
"""botocore, iot, ThingName."""

ATTRIBUTE_NAME = r"[a-zA-Z0-9_.,@/:#-]{1,128}"
"""botocore, iot, AttributeName."""

ATTRIBUTE_VALUE = r"[a-zA-Z0-9_.,@/:#=\[\]-]{1,800}"
"""botocore, iot, AttributeValue. AWS takes an empty value for the wish to remove the attribute."""

ATTRIBUTES_OF_A_TYPE = 50
"""How many attributes a thing with a thing type may have; without one it is 3 (AWS IoT quotas)."""


class InvalidThing(ValueError):
    """A thing that AWS would refuse; `field` names what is wrong with it."""

    def __init__(self, field: str, found: str, expected: str) -> None:
        super().__init__(f"{field}: {found!r} must be {expected}")
        self.field = field
        self.found = found
        self.expected = expected


def check_thing(name: str, attributes: Mapping[str, str]) -> None:
    """Raise InvalidThing unless AWS would take a thing of this name with these attributes and a thing type."""
    _check("name", name, THING_NAME)
    if len(attributes) > ATTRIBUTES_OF_A_TYPE:
        raise InvalidThing("attributes", f"{len(attributes)} of them", f"at most {ATTRIBUTES_OF_A_TYPE}")
    for attribute, value in attributes.items():
        _check("attribute name", attribute, ATTRIBUTE_NAME)
        _check(f"attribute {attribute}", value, ATTRIBUTE_VALUE)


def _check(field: str, found: str, pattern: str) -> None:
    if re.fullmatch(pattern, found) is None:
        raise InvalidThing(field, found[:200], f"{pattern} as AWS demands")
