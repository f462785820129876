"""Pydantic's errors in plain words: where, what was found and what was expected."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from cordon.model.text import quoted

Location = tuple[str | int, ...]
"""A place in JSON: names of fields and positions in lists, from the outside in."""

_EXPECTED = {
    "missing": "a value",
    "extra_forbidden": "no such field",
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "enum": "{expected}",
    "literal_error": "{expected}",
    "string_too_short": "at least {min_length} character",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "text of the form {pattern}",
    "too_short": "{min_length} or more of them",
    "too_long": "at most {max_length} of them",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "timezone_naive": "a time without an offset: its zone is said beside it",
    "timezone_aware": "a time with its offset, such as 2026-12-24T18:00Z",
    "json_invalid": "JSON",
}
"""Pydantic's error types that our models can raise, in plain words; what they are filled with comes from our models."""


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong. `found` comes from outside, and is printable and on one line."""

    location: Location
    found: str
    expected: str
    is_unknown_field: bool = False


def mistakes(error: ValidationError) -> list[Mistake]:
    """Return every error of pydantic's, in its order.

    An error of our own validators may say by `at` in its context where, below its own place, the mistake is.
    """
    found = []
    for one in error.errors(include_url=False):
        context = one.get("ctx", {})
        plain = _EXPECTED.get(one["type"])
        expected = plain.format_map(context) if plain else one["msg"]
        shown = "nothing" if one["type"] == "missing" else quoted(one["input"])
        location = (*one["loc"], *context.get("at", ()))
        found.append(Mistake(location, shown, expected, is_unknown_field=one["type"] == "extra_forbidden"))
    return found


def json_path(location: Location) -> str:
    """Write a place as people write paths into JSON: `behavior.criteria.value.ports[3]`."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in location]
    return "".join(steps).removeprefix(".")
