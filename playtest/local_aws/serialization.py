"""What moto does anew for every call, done once, and what it does ten times, done once: a third of a whole run.

It looks for each of ten members of a DynamoDB value under six possible names, and inspects the whole class of a
service's responses to find one method.
"""

from __future__ import annotations

import functools
from typing import Any

from moto.core import responses
from moto.core.serialize import BaseJSONSerializer

_UNION = "AttributeValue"


@functools.cache
def install() -> None:
    """Put the shorter ways in, once per process, and after every mend that adds a method to a response class."""
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
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
