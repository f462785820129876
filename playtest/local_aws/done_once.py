"""What moto and botocore do anew for every call, done once, and what they do ten times, done once: half of a whole run.

moto looks for each of ten members of a DynamoDB value under six possible names, inspects the whole class of a service's
responses to find one method, routes a request four times, and lists the kinds of node of an update's grammar for each
node. It makes an RSA key for each symmetric key of KMS, such as a table's, and never uses it. botocore cleans each part
of its User-Agent, character by character.
"""

from __future__ import annotations

import functools
from typing import Any

from botocore import useragent
from moto.core import responses
from moto.core.responses import BaseResponse
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser
from moto.kms import models as kms
from moto.kms.utils import KeySpec

from playtest.local_aws.moto_methods import replace

_UNION = "AttributeValue"


@functools.cache
def install() -> None:
    """Put the shorter ways in, once per process, and after every mend that adds a method to a response class."""
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
    useragent.sanitize_user_agent_string_component = functools.cache(useragent.sanitize_user_agent_string_component)
    kms.generate_private_key = _symmetric_without_a_key_pair(kms.generate_private_key)
    replace(BaseJSONSerializer, _serialize_type_structure=_members_that_are_there(BaseJSONSerializer))
    replace(BaseResponse, _get_action=_routed_once(BaseResponse))
    replace(DepthFirstTraverser, nodes_to_be_processed=_listed_once(DepthFirstTraverser))


def _members_that_are_there(serializer: Any) -> Any:
    original = serializer._serialize_type_structure

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

    return serialize_structure


def _routed_once(response: Any) -> Any:
    """One response object answers one request, but for those that set themselves up for another."""
    original = response._get_action

    @functools.wraps(original)
    def get_action(self: Any) -> Any:
        request, action = getattr(self, "_routed", (None, None))
        if request is not self.normalized_request:
            request, action = self._routed = (self.normalized_request, original(self))
        return action

    return get_action


def _listed_once(traverser: Any) -> Any:
    original = traverser.nodes_to_be_processed

    @functools.wraps(original)
    def nodes_to_be_processed(self: Any) -> Any:
        if not hasattr(self, "_kinds"):
            self._kinds = original(self)
        return self._kinds

    return nodes_to_be_processed


def _symmetric_without_a_key_pair(generate: Any) -> Any:
    @functools.wraps(generate)
    def generate_private_key(key_spec: str) -> Any:
        return None if key_spec == KeySpec.SYMMETRIC_DEFAULT else generate(key_spec)

    return generate_private_key
