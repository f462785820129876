"""Event patterns over arrays of objects, which moto's matcher cannot look into.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html: when a value is an array, a
pattern matches if any element does. moto's own operators (prefix, numeric, anything-but, …) are right and stay.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from moto.events.models import UNDEFINED, EventPattern


def matches(operators: Any, pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Say whether `event` matches `pattern`; `operators` is moto's EventPattern, which knows the value filters."""
    return _matches(operators, pattern, [event])


def _matches(operators: Any, pattern: Mapping[str, Any], nodes: Sequence[Mapping[str, Any]]) -> bool:
    return all(_key_matches(operators, key, wanted, nodes) for key, wanted in pattern.items())


def _key_matches(operators: Any, key: str, wanted: Any, nodes: Sequence[Mapping[str, Any]]) -> bool:
    if key == "$or":
        return any(_matches(operators, alternative, nodes) for alternative in wanted)
    values = [node[key] for node in nodes if key in node]
    if isinstance(wanted, dict):
        return _matches(operators, wanted, _objects(values) or [{}])
    return _value_matches(operators, values, wanted)


def _objects(values: Sequence[Any]) -> list[Mapping[str, Any]]:
    spread = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return [item for item in spread if isinstance(item, dict)]


def _value_matches(operators: Any, values: Sequence[Any], filters: Sequence[Any]) -> bool:
    found = [UNDEFINED if isinstance(value, dict) else value for value in values] or [UNDEFINED]
    return any(operators._does_item_match_filters(value, filters) for value in found)


@functools.cache
def install() -> None:
    """Let moto's rules match with `matches`, once per process."""

    def matches_event(self: Any, event: Any) -> bool:
        return matches(self, self._pattern, json.loads(json.dumps(event))) if self._pattern else True

    EventPattern.matches_event = matches_event
