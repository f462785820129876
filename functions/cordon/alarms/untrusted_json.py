"""Read JSON from outside, so that whatever is accepted here can be measured, hashed, stored and shown later."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from cordon.errors import AlarmRejected
from cordon.model.text import quoted

JsonObject: TypeAlias = dict[str, Any]

MAX_DEPTH = 64
"""Levels of nesting that are read. The deepest events of AWS, GuardDuty's attack sequences, stay under 20."""


class _KeyRepeatedError(ValueError):
    """One object has the same key twice: two readers may see two different alarms in it."""


def json_object(text: str, *, field: str) -> JsonObject:
    """Return the JSON object that `text` holds.

    What comes back is plain JSON: finite numbers, whole characters, every key once, at most `MAX_DEPTH` levels.

    Raises:
        AlarmRejected: it is anything else. `field` is where the text was found, and what the error names.
    """
    value = _parsed(text, field)
    if not isinstance(value, dict):
        raise AlarmRejected(field=field, found=quoted(value), expected="a JSON object")
    if _is_deeper(value, MAX_DEPTH):
        raise AlarmRejected(field=field, found="JSON that is nested deeper", expected=f"at most {MAX_DEPTH} levels")
    return value


def _parsed(text: str, field: str) -> Any:
    try:
        value = json.loads(text, object_pairs_hook=_with_every_key_once)
        # Python reads NaN, 1e999 and half a surrogate pair; none of them can be written as JSON in UTF-8 again.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError as error:
        raise AlarmRejected(
            field=field, found="JSON that is nested deeper", expected=f"at most {MAX_DEPTH} levels"
        ) from error
    except _KeyRepeatedError as error:
        raise AlarmRejected(
            field=field, found=f"the key {quoted(str(error))} more than once", expected="every key once"
        ) from error
    except ValueError as error:
        raise AlarmRejected(field=field, found=quoted(text), expected=_what_json_needs(error)) from error
    return value


def _with_every_key_once(pairs: list[tuple[str, Any]]) -> JsonObject:
    found: JsonObject = {}
    for key, value in pairs:
        if key in found:
            raise _KeyRepeatedError(key)
        found[key] = value
    return found


def _what_json_needs(error: ValueError) -> str:
    """Say what is wrong with the text; of Python's own messages only the place is ours to repeat."""
    if isinstance(error, json.JSONDecodeError):
        return f"JSON (it stops being JSON at line {error.lineno}, column {error.colno})"
    if isinstance(error, UnicodeEncodeError):
        return "JSON of whole Unicode characters"
    return "JSON of finite numbers of reasonable length"


def _is_deeper(value: Any, levels: int) -> bool:
    """Say whether `value` has more than `levels` levels, without recursion of our own."""
    level = [value]
    for _ in range(levels):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return any(isinstance(item, dict | list) for item in level)


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
