from __future__ import annotations

import json
from typing import Any

import pytest
from cordon.model.known_good import THING, KnownGood, version_key, with_thing, without_thing
from cordon.model.mistake import json_path, mistakes
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

FIRMWARE = {"package": "pump-firmware", "version": "2.1.0", "sha256": "0" * 64}
LEAST = {"thing_type": "pump", "policies": ["plant-device"]}


def known_good(**changed: Any) -> KnownGood:
    """The least that a known-good must say, with more of it said."""
    return KnownGood.parsed(json.dumps({**LEAST, **changed}))


def wrong(**changed: Any) -> list[tuple[str, str]]:
    """Where it is none, and what was expected there."""
    with pytest.raises(ValidationError) as refused:
        known_good(**changed)
    return [(json_path(one.location), one.expected) for one in mistakes(refused.value)]


def test_only_type_and_policies_must_be_said() -> None:
    """Nothing else is then asked of a thing, but that its key is one that AWS IoT knows to be strong."""
    least = known_good()
    assert (least.firmware, least.groups, least.attributes, least.shadow.desired) == (None, [], {}, {})
    assert (least.certificate.max_age_days, least.certificate.issuers, least.certificate.exclusive) == (
        None,
        None,
        False,
    )
    assert "rsa-2048" in least.certificate.keys
    assert wrong(policies=None)[0][0] == "policies"


def test_equal_ones_have_one_spelling_and_one_hash() -> None:
    """However it was written, and with what is said by saying nothing."""
    assert known_good(firmware=None, groups=[]).canonical == known_good().canonical
    assert known_good().hash != known_good(groups=["plant"]).hash
    assert KnownGood.parsed(known_good(firmware=FIRMWARE).canonical) == known_good(firmware=FIRMWARE)


@pytest.mark.parametrize(
    ("changed", "field", "expected"),
    [
        ({"thing_type": "a b"}, "thing_type", "1 to 128 letters"),
        ({"policies": ["a", "a"]}, "policies[1]", "every name once"),
        ({"groups": ["a", "b", "a"]}, "groups[2]", "every name once"),
        ({"policies": ["*"]}, "policies[0]", "1 to 128 letters"),
        ({"policies": ["${iot:ClientId}"]}, "policies[0]", "1 to 128 letters"),
        ({"groups": ["{name}"]}, "groups[0]", "1 to 128 letters"),
        ({"attributes": {"site": "hall a"}}, "attributes.site", "up to 800 letters"),
        ({"firmware": {**FIRMWARE, "version": "v2"}}, "firmware.version", "one to four numbers"),
        ({"firmware": {**FIRMWARE, "version": "1.2.3.4.5"}}, "firmware.version", "one to four numbers"),
        ({"firmware": {**FIRMWARE, "version": "٢.1"}}, "firmware.version", "one to four numbers"),
        ({"firmware": {**FIRMWARE, "version": 2.1}}, "firmware.version", "text"),
        ({"firmware": {**FIRMWARE, "floor": "2.1.0.1"}}, "firmware.floor", "2.1.0 (the version) or lower"),
        ({"firmware": {**FIRMWARE, "sha256": "A" * 64}}, "firmware.sha256", "64 hexadecimal digits"),
        ({"firmware": {**FIRMWARE, "sha": "0"}}, "firmware.sha", "no such field"),
        ({"shadow": {"desired": {"interval": 1}}}, "shadow.desired.interval.[key]", "a JSON pointer"),
        ({"shadow": {"desired": {"/a~2": 1}}}, "shadow.desired./a~2.[key]", "a JSON pointer"),
        ({"shadow": {"desired": {"/a": None}}}, "shadow.desired./a", "JSON of at most 8 levels"),
        ({"shadow": {"desired": {"/a": {"b": [None]}}}}, "shadow.desired./a", "JSON of at most 8 levels"),
        ({"shadow": {"desired": {"/a": 1e999}}}, "shadow.desired./a", "JSON of at most 8 levels"),
        ({"shadow": {"desired": {"/a": 1, "/a/b": 2}}}, "shadow.desired./a/b", "no place within another"),
        ({"shadow": {"desired": {"": {}, "/a": 2}}}, "shadow.desired./a", "no place within another"),
        ({"shadow": {"desired": {"/a": 1}, "may_differ": ["/a/b"]}}, "shadow.may_differ", "no place within another"),
        ({"shadow": {"desired": {"/a": 1}, "may_differ": ["/a"]}}, "shadow.may_differ", "no place within another"),
        ({"certificate": {"keys": ["rsa-1024"]}}, "certificate.keys[0]", "'rsa-2048', 'rsa-3072'"),
        ({"certificate": {"keys": []}}, "certificate.keys", "1 or more of them"),
        ({"certificate": {"issuers": []}}, "certificate.issuers", "1 or more of them"),
        ({"certificate": {"max_age_days": 0}}, "certificate.max_age_days", "1 or more"),
        ({"certificate": {"max_age_days": "365"}}, "certificate.max_age_days", "a whole number"),
        ({"certificate": {"exclusive": "yes"}}, "certificate.exclusive", "true or false"),
        ({"schema_version": 2}, "schema_version", "1"),
    ],
)
def test_what_is_none_is_told_by_its_field(changed: dict[str, Any], field: str, expected: str) -> None:
    """With what was expected, in words for people."""
    ((found, said),) = wrong(**changed)
    assert (found, said.startswith(expected)) == (field, True), said


def test_what_is_named_may_stand_where_everything_else_may_differ() -> None:
    """A device of whose shadow only one setting matters."""
    shadow = known_good(shadow={"desired": {"/a/b": 1}, "may_differ": ["", "/c"]}).shadow
    assert (shadow.desired, shadow.may_differ) == ({"/a/b": 1}, ["", "/c"])


@pytest.mark.parametrize(
    ("lower", "higher"),
    [("1", "2"), ("1.9", "1.10"), ("2", "2.0.0.1"), ("1.99.99.99", "2"), ("0.9", "0.9.1"), ("09", "10")],
)
def test_versions_compare_as_numbers(lower: str, higher: str) -> None:
    """1.10 comes after 1.9."""
    assert version_key(lower) < version_key(higher)


@pytest.mark.parametrize(("one", "other"), [("2", "2.0"), ("2.1", "2.1.0.0"), ("2.01", "2.1")])
def test_versions_may_be_as_high_as_each_other(one: str, other: str) -> None:
    """What is not said of a version is nought."""
    assert version_key(one) == version_key(other)


def test_the_floor_is_the_version_where_none_is_said() -> None:
    """Whoever says nothing lets nothing older be installed."""
    said, unsaid = known_good(firmware={**FIRMWARE, "floor": "2.0"}).firmware, known_good(firmware=FIRMWARE).firmware
    assert said is not None
    assert unsaid is not None
    assert (said.lowest, unsaid.lowest) == ("2.0", "2.1.0")


def test_the_name_of_the_thing_stands_where_it_should() -> None:
    """In names and values; a place in the shadow is the same for all things."""
    made = known_good(
        policies=["own-{thing}"],
        groups=["of-{thing}", "plant"],
        attributes={"name": "{thing}"},
        shadow={"desired": {"/{thing}": {"{thing}": ["dt/{thing}/x", 1, True]}}},
    ).of("pump-01")
    assert (made.policies, made.groups, made.attributes) == (
        ["own-pump-01"],
        ["of-pump-01", "plant"],
        {"name": "pump-01"},
    )
    assert made.shadow.desired == {"/{thing}": {"{thing}": ["dt/pump-01/x", 1, True]}}


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("pump-1", "{thing}"),
        ("dt/pump-1/x", "dt/{thing}/x"),
        ("own_pump-1", "own_{thing}"),
        ("pump-10", "pump-10"),
        ("apump-1", "apump-1"),
        ("Pump-1", "Pump-1"),
    ],
)
def test_a_name_is_found_only_where_it_stands_by_itself(text: str, made: str) -> None:
    """pump-1 is not meant where it says pump-10."""
    assert without_thing({"a": [text]}, "pump-1") == {"a": [made]}


@given(st.recursive(st.text(alphabet="a-1 {}", max_size=9) | st.integers(), lambda one: st.lists(one, max_size=3)))
def test_taking_the_name_out_and_putting_it_in_changes_nothing(value: Any) -> None:
    """What a thing was captured with is what it is compared with."""
    if THING not in json.dumps(value):
        assert with_thing(without_thing(value, "a-1"), "a-1") == value
