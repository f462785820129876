from __future__ import annotations

import json
from typing import Any

import pytest
from cordon.model.thing_state import ThingState
from cordon.things.known_good_facts import ThingStates

from tests.unit.conftest import THING
from tests.unit.things.conftest import Registry


def state(registry: Registry, name: str = THING) -> ThingState:
    """What is there of a thing."""
    found = ThingStates(registry.bed.iot, registry.bed.client("iot-data")).read(name)
    assert found is not None
    return found


def shadow(registry: Registry, part: str, content: Any, name: str | None = None) -> None:
    """Say something in a part of a thing's shadow."""
    payload = json.dumps({"state": {part: content}}).encode()
    named = {"shadowName": name} if name else {}
    registry.bed.client("iot-data").update_thing_shadow(thingName=THING, payload=payload, **named)


def test_a_thing_that_is_not_there_has_no_state(registry: Registry) -> None:
    """None, and no error."""
    assert ThingStates(registry.bed.iot, registry.bed.client("iot-data")).read("nobody") is None


def test_a_bare_thing_has_nothing(registry: Registry) -> None:
    """No type, no certificate, no group, and no shadow that was ever made."""
    registry.thing()
    assert state(registry) == ThingState(
        name=THING, type_name=None, attributes={}, groups=[], certificates=[], desired={}, packages={}
    )


def test_type_and_attributes_are_read(registry: Registry) -> None:
    """From the registry."""
    registry.bed.iot.create_thing_type(thingTypeName="pump")
    registry.bed.iot.create_thing(
        thingName=THING, thingTypeName="pump", attributePayload={"attributes": {"site": "hall-a"}}
    )
    found = state(registry)
    assert (found.type_name, found.attributes) == ("pump", {"site": "hall-a"})


def test_each_certificate_is_read_with_what_hangs_on_it(registry: Registry) -> None:
    """Status, policies, key, issuer and how it is attached; in the order of their ids."""
    registry.thing()
    registry.policy("one", "iot:Connect")
    registry.policy("two", "iot:Publish")
    first, second = registry.certificate("two", "one"), registry.certificate()
    registry.bed.iot.update_certificate(certificateId=second, newStatus="INACTIVE")
    arn = registry.bed.iot.describe_certificate(certificateId=first)["certificateDescription"]["certificateArn"]
    registry.bed.iot.detach_thing_principal(thingName=THING, principal=arn)
    registry.bed.iot.attach_thing_principal(thingName=THING, principal=arn, thingPrincipalType="EXCLUSIVE_THING")
    found = {one.id: one for one in state(registry).certificates}
    assert list(found) == sorted([first, second])
    assert (found[first].status, found[first].policies, found[first].exclusive) == ("ACTIVE", ["one", "two"], True)
    assert (found[second].status, found[second].policies, found[second].exclusive) == ("INACTIVE", [], False)
    assert found[first].key == "ec-p256"
    assert found[first].issuer == "CN=Cordon demo plant CA,O=Cordon demo plant"
    assert found[first].issued_at is not None
    assert [one.id for one in state(registry).active] == [first]


def test_only_static_groups_count_and_those_above_them(registry: Registry) -> None:
    """In a dynamic one a thing is for as long as its query finds it: nobody can put it there."""
    registry.thing()
    registry.group("plant", member=None)
    registry.group("line-1", parent="plant")
    registry.group("spare-parts")
    registry.dynamic_group("found-by-query")
    found = state(registry)
    assert (found.groups, found.groups_above) == (["line-1", "spare-parts"], ["plant"])


def test_what_is_desired_and_reported_is_read(registry: Registry) -> None:
    """Desired of the classic shadow, reported of the packages' own; nothing of the other two."""
    registry.thing()
    shadow(registry, "desired", {"interval": 30})
    shadow(registry, "reported", {"interval": 60})
    shadow(registry, "reported", {"fw": {"version": "2.1.0"}}, "$package")
    found = state(registry)
    assert (found.desired, found.packages) == ({"interval": 30}, {"fw": "2.1.0"})


@pytest.mark.parametrize(
    "payload",
    [
        b"[]",
        b"null",
        b'{"state": 1}',
        b'{"state": {"desired": [1], "reported": 2}}',
        b'{"state": {"reported": {"a": {"version": 2}, "b": "2.1", "c": {}, "d": [], "e": {"version": null}}}}',
    ],
)
def test_a_shadow_of_another_form_says_nothing(registry: Registry, payload: bytes) -> None:
    """A device has written it: what has not the form of a version says nothing of one, and nothing falls over it."""

    class Answering:
        exceptions = registry.bed.client("iot-data").exceptions

        def get_thing_shadow(self, **_: str) -> Any:
            return {"payload": type("Body", (), {"read": lambda _self: payload})()}

    registry.thing()
    iot_data: Any = Answering()
    found = ThingStates(registry.bed.iot, iot_data).read(THING)
    assert found is not None
    assert (found.desired, found.packages) == ({}, {})
