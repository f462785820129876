"""Shadows as AWS IoT keeps them: what an update merges, what differs, which version there is, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from playtest.local_aws import runtime
from playtest.local_aws.iot_shadows import DOCUMENT_BYTES, LEVELS

PACKAGE = "$package"
FIRMWARE = {"pump-firmware": {"version": "2.4.1", "attributes": {"installed": "2026-11-01"}}}


class Shadows:
    """The shadows of pump-01, through the data plane."""

    def __init__(self, aws: Any) -> None:
        aws.client("iot").create_thing(thingName="pump-01")
        self.client = aws.client("iot-data")

    def update(self, document: Any, name: str | None = None) -> Any:
        """Send a document (bytes as they are) and return what AWS answers."""
        payload = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self._answer(self.client.update_thing_shadow, name, payload=payload)

    def get(self, name: str | None = None) -> Any:
        """The document of a shadow."""
        return self._answer(self.client.get_thing_shadow, name)

    def delete(self, name: str | None = None) -> Any:
        """What AWS answers when a shadow is deleted."""
        return self._answer(self.client.delete_thing_shadow, name)

    def refusal(self, document: Any, name: str | None = None) -> tuple[str, int]:
        """The code and the HTTP status that an update is refused with."""
        with pytest.raises(ClientError) as caught:
            self.update(document, name)
        return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]

    @staticmethod
    def _answer(call: Any, name: str | None, **more: Any) -> Any:
        named = {"shadowName": name} if name else {}
        return json.loads(call(thingName="pump-01", **named, **more)["payload"].read())


@pytest.fixture
def shadows(plain_aws: Any) -> Shadows:
    """A thing that has no shadow yet."""
    return Shadows(plain_aws)


INVALID, CONFLICT, TOO_LARGE = (
    ("InvalidRequestException", 400),
    ("ConflictException", 409),
    ("RequestEntityTooLargeException", 413),
)


def state(desired: Any = None, reported: Any = None) -> dict[str, Any]:
    """A document with the sections that are given."""
    sections = {"desired": desired, "reported": reported}
    return {"state": {name: section for name, section in sections.items() if section is not None}}


def test_an_update_changes_only_what_it_names(shadows: Shadows) -> None:
    """What was said before stays, a null takes one value away, and the answer repeats what was asked."""
    shadows.update(state(desired={"interval": 30, "limits": {"pressure": 6, "flow": 2}}))
    answer = shadows.update({**state(desired={"limits": {"pressure": 7, "flow": None}}), "clientToken": "mine"})
    assert answer["state"] == {"desired": {"limits": {"pressure": 7, "flow": None}}}
    assert (answer["version"], answer["clientToken"]) == (2, "mine")
    assert shadows.get()["state"]["desired"] == {"interval": 30, "limits": {"pressure": 7}}


@pytest.mark.parametrize("gone", [{"state": {"desired": None}}, {"state": None}])
def test_a_section_can_be_taken_away(shadows: Shadows, gone: Any) -> None:
    """A null in place of a section leaves the other one; in place of the state it leaves neither."""
    shadows.update(state(desired={"interval": 30}, reported={"interval": 30}))
    shadows.update(gone)
    assert shadows.get()["state"] == ({} if gone["state"] is None else {"reported": {"interval": 30}})
    assert shadows.get()["version"] == 2


def test_the_delta_is_what_is_desired_and_not_reported(shadows: Shadows) -> None:
    """Down to the single value: an object of which all is reported is none, and what is reported besides is none."""
    shadows.update(state(desired={"interval": 30, "limits": {"pressure": 6, "flow": 2}, "list": [1, 2]}))
    assert shadows.get()["state"]["delta"] == {"interval": 30, "limits": {"pressure": 6, "flow": 2}, "list": [1, 2]}
    shadows.update(state(reported={"interval": 30, "limits": {"pressure": 6, "flow": 3}, "list": [2, 1], "uptime": 5}))
    assert shadows.get()["state"]["delta"] == {"limits": {"flow": 2}, "list": [1, 2]}
    shadows.update(state(reported={"limits": {"flow": 2, "more": 1}, "list": [1, 2]}))
    assert "delta" not in shadows.get()["state"]


def test_each_value_keeps_the_time_when_it_was_said(shadows: Shadows, monkeypatch: pytest.MonkeyPatch) -> None:
    """An update dates what it names and nothing else."""
    moment = runtime.now()
    shadows.update(state(desired={"a": 1, "timestamp": {"a": 1}, "list": [1]}))
    monkeypatch.setattr(runtime, "now", lambda: moment.replace(year=moment.year + 1))
    shadows.update(state(desired={"timestamp": {"b": 2}}))
    times, now = shadows.get()["metadata"]["desired"], shadows.get()["timestamp"]
    assert times["timestamp"]["b"] == {"timestamp": now}
    assert times["a"] == times["timestamp"]["a"] == times["list"][0]
    assert times["a"]["timestamp"] < now - 300 * 24 * 3600


def test_a_version_that_is_not_the_last_one_conflicts(shadows: Shadows) -> None:
    """Nothing is changed then; also where there is no shadow yet, and where there is none any more."""
    assert shadows.refusal({**state(desired={"a": 1}), "version": 1}) == CONFLICT
    shadows.update(state(desired={"a": 1}))
    assert shadows.refusal({**state(desired={"a": 2}), "version": 2}) == CONFLICT
    assert (shadows.get()["state"]["desired"], shadows.get()["version"]) == ({"a": 1}, 1)
    shadows.update({**state(desired={"a": 2}), "version": 1})
    assert shadows.delete()["version"] == 2
    assert shadows.refusal({**state(desired={"a": 3}), "version": 1}) == CONFLICT


def test_a_deleted_shadow_is_gone_and_its_versions_go_on(shadows: Shadows) -> None:
    """Neither read, nor listed, nor deleted again; a new one has the next version and nothing of the old."""
    for name in (None, "config"):
        shadows.update(state(desired={"a": 1}), name)
        shadows.delete(name)
        for act in (shadows.get, shadows.delete):
            with pytest.raises(ClientError, match="ResourceNotFoundException"):
                act(name)
    assert shadows.client.list_named_shadows_for_thing(thingName="pump-01")["results"] == []
    assert shadows.update(state(desired={"b": 1}), "config")["version"] == 2
    assert shadows.get("config")["state"]["desired"] == {"b": 1}
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        shadows.get()


def test_named_shadows_are_listed_in_pages(shadows: Shadows) -> None:
    """All but the classic one; a token of somebody else is refused."""
    for name in (None, PACKAGE, *(f"n{number:02}" for number in range(30))):
        shadows.update({"state": {}}, name)
    first = shadows.client.list_named_shadows_for_thing(thingName="pump-01")
    second = shadows.client.list_named_shadows_for_thing(thingName="pump-01", nextToken=first["nextToken"])
    assert first["results"][0] == PACKAGE
    assert (len(first["results"]), len(second["results"])) == (25, 6)
    with pytest.raises(ClientError, match="InvalidRequestException"):
        shadows.client.list_named_shadows_for_thing(thingName="pump-01", nextToken="mine")


def nested(levels: int) -> Any:
    """An object of so many levels."""
    return {"a": nested(levels - 1)} if levels > 1 else {"a": 1}


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (b"{", INVALID),
        (b"[]", INVALID),
        ({"desired": {}}, INVALID),
        ({"state": []}, INVALID),
        ({"state": {"desired": []}}, INVALID),
        ({"state": {"reported": "x"}}, INVALID),
        ({"state": {"delta": {}}}, INVALID),
        ({"state": {}, "version": "1"}, INVALID),
        ({"state": {}, "version": True}, INVALID),
        ({"state": {}, "clientToken": "x" * 65}, INVALID),
        (state(desired=nested(LEVELS + 1)), INVALID),
        (state(desired={"a": "x" * DOCUMENT_BYTES}), TOO_LARGE),
    ],
)
def test_what_is_no_document_is_refused(shadows: Shadows, document: Any, error: tuple[str, int]) -> None:
    """The shadow stays as it was, its version too."""
    shadows.update(state(desired=nested(LEVELS)))
    before = shadows.get()
    assert shadows.refusal(document) == error
    assert shadows.get() == before


def test_a_shadow_does_not_grow_beyond_its_size_either(shadows: Shadows) -> None:
    """Two documents that each fit make one that does not; what is taken away makes room."""
    half = "x" * (DOCUMENT_BYTES // 2)
    shadows.update(state(desired={"a": half}))
    assert shadows.refusal(state(reported={"a": half})) == TOO_LARGE
    assert shadows.get()["version"] == 1
    shadows.update({"state": {"desired": None, "reported": {"a": half}}})
    assert shadows.get()["state"] == {"reported": {"a": half}}


def test_a_name_must_be_one(shadows: Shadows) -> None:
    """Neither characters that the model does not know nor a reserved name that AWS does not know."""
    for name in ("a b", "x" * 65, "$other"):
        assert shadows.refusal({"state": {}}, name) == INVALID
    assert shadows.client.list_named_shadows_for_thing(thingName="pump-01")["results"] == []


def test_installed_packages_are_reported(shadows: Shadows) -> None:
    """Versions and attributes come back as they were said, without metadata; a null takes a package away."""
    shadows.update(state(reported=FIRMWARE), PACKAGE)
    shadows.update(state(reported={"bootloader": {"version": "1.0"}}), PACKAGE)
    document = shadows.get(PACKAGE)
    assert document["state"] == {"reported": FIRMWARE | {"bootloader": {"version": "1.0"}}}
    assert (document["version"], document["metadata"]) == (2, {})
    shadows.update(state(reported={"bootloader": None}), PACKAGE)
    assert shadows.get(PACKAGE)["state"] == {"reported": FIRMWARE}


@pytest.mark.parametrize(
    "document",
    [
        state(reported={"pump-firmware": {"version": "3.0", "description": "new"}}),
        state(reported={"pump-firmware": "3.0"}),
        state(reported={"pump-firmware": {"version": 3}}),
        state(reported={"pump-firmware": {"attributes": "x"}}),
        state(desired={"pump-firmware": {"version": "3.0"}}),
    ],
)
def test_the_reserved_shadow_takes_packages_only(shadows: Shadows, document: Any) -> None:
    """Nothing but version and attributes, and nothing desired; what was reported stays. Another shadow takes it."""
    shadows.update(state(reported=FIRMWARE), PACKAGE)
    assert shadows.refusal(document, PACKAGE) == INVALID
    assert shadows.get(PACKAGE)["state"] == {"reported": FIRMWARE}
    shadows.update(document, "other")


def test_a_thing_that_is_not_there_has_no_shadow(shadows: Shadows) -> None:
    """Reading one is a 404."""
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        shadows.client.get_thing_shadow(thingName="none")


def test_the_index_finds_named_shadows(shadows: Shadows, plain_aws: Any) -> None:
    """What moto's search says of a shadow is ours, and of a deleted one nothing."""
    shadows.update(state(reported=FIRMWARE), PACKAGE)
    shadows.update(state(desired={"a": 1}), "gone")
    shadows.delete("gone")
    (thing,) = plain_aws.client("iot").search_index(queryString="*")["things"]
    assert json.loads(thing["shadow"])["name"][PACKAGE]["reported"] == FIRMWARE
    assert list(json.loads(thing["shadow"])["name"]) == [PACKAGE]
