"""A thing that is added to the demo fleet: `NAME[:attr=value,…]`."""

from __future__ import annotations

from dataclasses import dataclass, field

from playtest.fleet.thing_names import InvalidThing, check_thing
from playtest.run.bad_scenario import BadScenario

_FORM = "NAME or NAME:attr=value,attr=value"


@dataclass(frozen=True)
class AddedThing:
    """A connected thing with its own certificate, and these attributes."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)


def parse_added_thing(text: str) -> AddedThing:
    """Return the thing that `--with-thing` describes.

    A thing's name may hold colons, so the attributes begin after the last colon before the first `=`.

    Raises:
        BadScenario: it is not of that form, or AWS would refuse the name or an attribute.
    """
    head, equals, _ = text.partition("=")
    if not equals:
        return _checked(AddedThing(text))
    name, colon, _ = head.rpartition(":")
    if not colon:
        raise BadScenario("--with-thing", text, _FORM)
    return _checked(AddedThing(name, _attributes(text[len(name) + 1 :])))


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if not equals:
            raise BadScenario("--with-thing attribute", part, "attr=value")
        if name in found:
            raise BadScenario("--with-thing attribute", name, "each attribute once")
        found[name] = value
    return found


def _checked(thing: AddedThing) -> AddedThing:
    try:
        check_thing(thing.name, thing.attributes)
    except InvalidThing as error:
        raise BadScenario(f"--with-thing {error.field}", error.found, error.expected) from None
    return thing
