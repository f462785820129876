"""DynamoDB's answers, written with the one member that a value has and not with the ten that it might have.

moto looks for each of ten members of an AttributeValue under six possible names, which was a fifth of a whole run.
"""

from __future__ import annotations

import functools
from typing import Any

from moto.core.serialize import BaseJSONSerializer

_UNION = "AttributeValue"


@functools.cache
def install() -> None:
    """Put the shorter way in, once per process."""
    original: Any = BaseJSONSerializer._serialize_type_structure

    @functools.wraps(original)
    def serialize_structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name != _UNION or type(value) is not dict or not key:
            original(self, serialized, value, shape, key)
            return
        wrapper = self.MAP_TYPE()
        for member in value:
            shape.members[member].parent = shape
            self._serialize_structure_member(wrapper, value, shape.members[member], member)
        self._default_serialize(serialized, wrapper, shape, key)

    serializer: Any = BaseJSONSerializer
    serializer._serialize_type_structure = serialize_structure
