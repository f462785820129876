"""Turn pydantic's errors into one rejection that names the field, what was found and what was expected."""

from __future__ import annotations

from pydantic import ValidationError

from cordon.errors import AlarmRejected
from cordon.model.mistake import json_path, mistakes


def rejection(error: ValidationError, *, within: str = "", whole: str) -> AlarmRejected:
    """Return the first of pydantic's errors as a rejection.

    The field is its path in the JSON (`behavior.criteria.value.ports[3]`), under `within` when the model was read from
    a part of the message. `whole` names the place of an error that belongs to the message as a whole.
    """
    first = mistakes(error)[0]
    field = json_path((within, *first.location) if within else first.location)
    return AlarmRejected(field=field or whole, found=first.found, expected=first.expected)
