from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cordon.model.json_pointer import leaves_of, lies_in
from cordon.model.known_good import KnownGood
from cordon.model.thing_state import CertificateState, ThingState
from cordon.response.drift import Drift, drift
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.conftest import MORNING

QUARANTINE = "cordon-quarantine"
CERTIFICATE = CertificateState(
    id="a1b2c3d4" + "0" * 56,
    status="ACTIVE",
    exclusive=True,
    policies=["own-pump-01", "plant-device"],
    key="ec-p256",
    issuer="CN=Plant CA",
    issued_at=MORNING - timedelta(days=365),
)
STATE = ThingState(
    name="pump-01",
    type_name="pump",
    attributes={"site": "hall-a", "line": "1"},
    groups=["line-1", "pumps"],
    groups_above=["plant"],
    certificates=[CERTIFICATE],
    desired={"interval": 30, "uplink": {"topic": "dt/pump-01", "qos": 1}, "display": {"text": "hello"}},
    packages={"pump-firmware": "2.1.0", "other": "1"},
)
DEFINITION = KnownGood.model_validate(
    {
        "thing_type": "pump",
        "firmware": {"package": "pump-firmware", "version": "2.1.0", "sha256": "0" * 64},
        "policies": ["plant-device", "own-{thing}"],
        "groups": ["pumps", "plant"],
        "shadow": {
            "desired": {"/interval": 30, "/uplink": {"qos": 1, "topic": "dt/{thing}"}},
            "may_differ": ["/display"],
        },
        "certificate": {"max_age_days": 365, "keys": ["ec-p256"], "issuers": ["CN=Plant CA"], "exclusive": True},
        "attributes": {"site": "hall-a"},
    }
)


def found(state: ThingState = STATE, definition: KnownGood = DEFINITION) -> list[tuple[str, Any, Any]]:
    """The differences, in their order."""
    told = drift(definition, state, MORNING, quarantine_group=QUARANTINE)
    return [(one.field, one.expected, one.found) for one in told]


def thing(**changed: Any) -> ThingState:
    """The thing with something of it changed."""
    return STATE.model_copy(update=changed)


def with_certificate(**changed: Any) -> ThingState:
    """The thing with something of its certificate changed."""
    return thing(certificates=[CERTIFICATE.model_copy(update=changed)])


def test_a_thing_that_is_as_it_should_be_has_no_drift() -> None:
    """Names stand for themselves, a parent's group counts, and more attributes, groups and packages may be there."""
    assert found() == []


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (thing(type_name="valve"), ("thing_type", "pump", "valve")),
        (thing(packages={"pump-firmware": "2.0.0"}), ("firmware/version", "2.1.0", "2.0.0")),
        (thing(packages={"pump-firmware": "2.1"}), ("firmware/version", "2.1.0", "2.1")),
        (thing(packages={}), ("firmware/version", "2.1.0", None)),
        (thing(groups=["pumps"], groups_above=[]), ("groups", ["plant", "pumps"], ["pumps"])),
        (thing(groups=["plant", "pumps", QUARANTINE]), ("quarantine", None, QUARANTINE)),
        (thing(groups_above=["plant", QUARANTINE]), ("quarantine", None, QUARANTINE)),
        (thing(attributes={"site": "hall-b"}), ("attributes/site", "hall-a", "hall-b")),
        (thing(attributes={}), ("attributes/site", "hall-a", None)),
        (thing(desired={**STATE.desired, "interval": 60}), ("shadow/desired/interval", 30, 60)),
        (thing(desired={**STATE.desired, "interval": "30"}), ("shadow/desired/interval", 30, "30")),
        (thing(desired={**STATE.desired, "remote": {"shell": True}}), ("shadow/desired/remote/shell", None, True)),
        (
            thing(desired={**STATE.desired, "uplink": {"topic": "dt/pump-02", "qos": 1}}),
            ("shadow/desired/uplink", {"qos": 1, "topic": "dt/pump-01"}, {"qos": 1, "topic": "dt/pump-02"}),
        ),
        (with_certificate(key="rsa-1024"), ("certificate/a1b2c3d4/key", ["ec-p256"], "rsa-1024")),
        (with_certificate(key=None), ("certificate/a1b2c3d4/key", ["ec-p256"], None)),
        (with_certificate(issuer="CN=Other"), ("certificate/a1b2c3d4/issuer", ["CN=Plant CA"], "CN=Other")),
        (with_certificate(exclusive=False), ("certificate/a1b2c3d4/exclusive", True, False)),
        (
            with_certificate(issued_at=MORNING - timedelta(days=366)),
            ("certificate/a1b2c3d4/age", "365 days at most", "366 days"),
        ),
        (with_certificate(issued_at=None), ("certificate/a1b2c3d4/age", "365 days at most", None)),
        (
            with_certificate(policies=["own-pump-01", "plant-device", "plant-video"]),
            (
                "certificate/a1b2c3d4/policies",
                ["own-pump-01", "plant-device"],
                ["own-pump-01", "plant-device", "plant-video"],
            ),
        ),
        (with_certificate(status="INACTIVE"), ("certificate", "ACTIVE", ["INACTIVE"])),
        (thing(certificates=[]), ("certificate", "ACTIVE", [])),
    ],
)
def test_each_difference_is_told_by_its_field(state: ThingState, expected: tuple[str, Any, Any]) -> None:
    """With what was expected and what is there; nothing else is told beside it."""
    assert found(state) == [expected]


def test_a_certificate_that_lets_nobody_in_is_not_looked_at() -> None:
    """Whatever it is like: one that was shut off is no way to be anything."""
    old = CERTIFICATE.model_copy(update={"id": "f" * 64, "status": "INACTIVE", "key": "rsa-1024", "policies": []})
    assert found(thing(certificates=[CERTIFICATE, old])) == []


def test_every_certificate_that_lets_a_device_in_is_looked_at() -> None:
    """A second one is a second way in."""
    second = CERTIFICATE.model_copy(update={"id": "f" * 64, "exclusive": False})
    assert found(thing(certificates=[CERTIFICATE, second])) == [("certificate/ffffffff/exclusive", True, False)]


def test_truth_is_not_one() -> None:
    """Python takes true for 1 and JSON does not; 30 and 30.0 are one number."""
    definition = DEFINITION.model_copy(
        update={"shadow": DEFINITION.shadow.model_copy(update={"desired": {"/on": True, "/list": [1], "/n": 30}})}
    )
    told = found(thing(desired={"on": 1, "list": [True], "n": 30.0}), definition)
    assert [one[0] for one in told] == ["shadow/desired/list", "shadow/desired/on"]


def test_what_is_not_said_is_not_compared() -> None:
    """A known-good of type and policies alone."""
    least = KnownGood.model_validate({"thing_type": "pump", "policies": DEFINITION.policies})
    assert [field for field, *_ in found(definition=least)] == [
        "shadow/desired/display/text",
        "shadow/desired/interval",
        "shadow/desired/uplink/qos",
        "shadow/desired/uplink/topic",
    ]


def test_the_order_is_always_the_same() -> None:
    """A thing of which nothing is right: whoever compares two reports reads them line by line."""
    nothing = thing(
        type_name=None,
        attributes={},
        groups=[QUARANTINE],
        groups_above=[],
        certificates=[],
        desired={"z": 1, "a": 2},
        packages={},
    )
    assert [field for field, *_ in found(nothing)] == [
        "thing_type",
        "firmware/version",
        "certificate",
        "groups",
        "quarantine",
        "shadow/desired/interval",
        "shadow/desired/uplink",
        "shadow/desired/a",
        "shadow/desired/z",
        "attributes/site",
    ]


_values = st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "x"])
_shadows = st.recursive(
    st.dictionaries(st.sampled_from("ab/~"), _values, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("ab/~"), inner | _values, max_size=3),
    max_leaves=8,
)


def compared(wanted: Any, there: Any) -> list[Drift]:
    """The differences of two shadows, one of which is known to be good."""
    shadow = DEFINITION.shadow.model_copy(update={"desired": dict(leaves_of(wanted)), "may_differ": []})
    definition = DEFINITION.model_copy(update={"shadow": shadow})
    return drift(definition, thing(desired=there), MORNING, quarantine_group=QUARANTINE)


@given(_shadows, _shadows)
def test_two_shadows_differ_exactly_where_their_leaves_do(wanted: Any, there: Any) -> None:
    """No setting is passed over, neither one that is missing nor one too many, and none is told twice."""
    expected, actual = dict(leaves_of(wanted)), dict(leaves_of(there))
    differing = {
        pointer
        for pointer in expected.keys() | actual.keys()
        if repr(expected.get(pointer)) != repr(actual.get(pointer))
    }
    told = [one.field.removeprefix("shadow/desired") for one in compared(wanted, there)]
    assert len(set(told)) == len(told)
    assert [one for one in differing if not any(lies_in(one, field) for field in told)] == []
    assert [field for field in told if not any(lies_in(one, field) for one in differing)] == []
