"""Turn pydantic's errors into one rejection that names the field, what was found and what was expected."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from cordon.errors import AlarmRejected
from cordon.model.text import quoted

_EXPECTED = {
    "missing": "a value",
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "literal_error": "{expected}",
    "string_too_short": "at least {min_length} character",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "text of the form {pattern}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
}
"""Pydantic's error types that our models can raise, in plain words; what they are filled with comes from our models."""


def rejection(error: ValidationError, *, within: str = "", whole: str) -> AlarmRejected:
    """Return the first of pydantic's errors as a rejection.

    The field is its path in the JSON (`behavior.criteria.value.ports[3]`), under `within` when the model was read from
    a part of the message. `whole` names the place of an error that belongs to the message as a whole.
    """
    first = error.errors(include_url=False)[0]
    field = json_path((within, *first["loc"]) if within else first["loc"])
    plain = _EXPECTED.get(first["type"])
    expected = plain.format_map(first.get("ctx", {})) if plain else first["msg"]
    found = "nothing" if first["type"] == "missing" else quoted(first["input"])
    return AlarmRejected(field=field or whole, found=found, expected=expected)


def json_path(location: tuple[Any, ...]) -> str:
    """Write a location of pydantic's (names and list positions) as people write paths into JSON."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in location]
    return "".join(steps).removeprefix(".")
