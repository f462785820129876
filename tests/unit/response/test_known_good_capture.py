from __future__ import annotations

from typing import Any

import pytest
from cordon.errors import NotCapturable
from cordon.model.known_good import KnownGood
from cordon.model.thing_state import CertificateState, ThingState
from cordon.response.drift import drift
from cordon.response.known_good_capture import captured
from cordon.things.firmware_catalog import Artefact, FirmwareCatalog, PackageVersion

from tests.unit.conftest import MORNING

SHA256 = "a" * 64
CERTIFICATE = CertificateState(
    id="1" * 64,
    status="ACTIVE",
    exclusive=True,
    policies=["own-pump-01", "plant-device"],
    key="ec-p256",
    issuer="CN=Plant CA",
    issued_at=MORNING,
)
STATE = ThingState(
    name="pump-01",
    type_name="pump",
    attributes={"site": "hall-a", "label": "pump-01"},
    groups=["line-1"],
    groups_above=["plant"],
    certificates=[CERTIFICATE],
    desired={"interval": 30, "uplink": {"topic": "dt/pump-01/out", "on": True}, "modes": ["a", "pump-01"]},
    packages={"pump-firmware": "2.1.0"},
)


class Catalog(FirmwareCatalog):
    """A catalog that has one answer for whatever it is asked."""

    def __init__(self, answer: PackageVersion | None) -> None:
        self.answer = answer

    def version(self, package: str, version: str) -> PackageVersion | None:
        """Return it."""
        return self.answer


GOOD = Catalog(PackageVersion("PUBLISHED", Artefact("s3://b/k", SHA256)))


def thing(**changed: Any) -> ThingState:
    """The thing with something of it changed."""
    return STATE.model_copy(update=changed)


def certificate(**changed: Any) -> CertificateState:
    """Its certificate with something of it changed."""
    return CERTIFICATE.model_copy(update=changed)


def test_all_that_can_be_seen_is_taken_over() -> None:
    """The name of the thing becomes `{thing}`; how old a certificate may be is nobody's to see."""
    made = captured(STATE, GOOD)
    assert made.remarks == []
    assert made.definition == KnownGood.model_validate(
        {
            "thing_type": "pump",
            "firmware": {"package": "pump-firmware", "version": "2.1.0", "sha256": SHA256},
            "policies": ["own-{thing}", "plant-device"],
            "groups": ["line-1"],
            "shadow": {
                "desired": {
                    "/interval": 30,
                    "/modes": ["a", "{thing}"],
                    "/uplink/on": True,
                    "/uplink/topic": "dt/{thing}/out",
                }
            },
            "certificate": {"keys": ["ec-p256"], "issuers": ["CN=Plant CA"], "exclusive": True},
            "attributes": {"site": "hall-a", "label": "{thing}"},
        }
    )


@pytest.mark.parametrize(
    "state",
    [
        STATE,
        thing(desired={}, groups=[], attributes={}, packages={}),
        thing(certificates=[certificate(), certificate(id="2" * 64, key="rsa-2048", issuer="CN=B", exclusive=False)]),
        thing(certificates=[certificate(), certificate(id="2" * 64, status="REVOKED", key="rsa-1024")]),
        thing(desired={"a/b": {"~": 1}, "": 2}),
    ],
)
def test_a_thing_is_what_it_was_captured_as(state: ThingState) -> None:
    """Held against its own known-good it has no drift."""
    definition = captured(state, GOOD).definition
    assert drift(definition, state, MORNING, quarantine_group="q") == []


@pytest.mark.parametrize(
    ("packages", "answer", "said"),
    [
        ({}, None, "it reports not one package in its shadow $package, but 0 (none)"),
        ({"a": "1", "b": "1"}, None, "it reports not one package in its shadow $package, but 2 ('a', 'b')"),
        (
            {"a": "v1"},
            None,
            "version 'v1' of the package 'a', which it reports, cannot stand in a known-good: expected",
        ),
        ({"a": "1"}, None, "version '1' of the package 'a', which it reports, is not in the catalog"),
        ({"a": "1"}, PackageVersion("DRAFT", None), "version '1' of the package 'a', which it reports, is not in the"),
        (
            {"a": "1"},
            PackageVersion("PUBLISHED", Artefact("s3://b/k", None, "it is gone")),
            "version '1' of the package 'a', which it reports, has no artefact whose hash can be known: it is gone",
        ),
    ],
)
def test_firmware_that_cannot_be_named_is_left_out_and_said(
    packages: dict[str, str], answer: PackageVersion | None, said: str
) -> None:
    """All else is taken over: a person adds what he knows."""
    made = captured(thing(packages=packages), Catalog(answer))
    assert made.definition.firmware is None
    (remark,) = made.remarks
    assert remark.startswith(said)
    assert made.definition.groups == ["line-1"]


def test_different_policies_are_said() -> None:
    """One known-good has one list for each certificate: those of the first stand there."""
    state = thing(certificates=[certificate(), certificate(id="2" * 64, policies=["other"])])
    made = captured(state, GOOD)
    assert made.definition.policies == ["own-{thing}", "plant-device"]
    assert made.remarks == ["its certificates have different policies: those of the first were taken over"]


def test_a_thing_without_certificates_is_captured_without_their_rules() -> None:
    """One that comes over Cognito: nothing of it can be seen but the rest."""
    definition = captured(thing(certificates=[]), GOOD).definition
    assert (definition.policies, definition.certificate.issuers, definition.certificate.exclusive) == ([], None, False)


@pytest.mark.parametrize(
    ("state", "field", "said"),
    [
        (thing(type_name=None), None, "pump-01 has no thing type"),
        (thing(certificates=[certificate(status="INACTIVE")]), None, "none of the certificates of pump-01 is ACTIVE"),
        (thing(certificates=[certificate(key="rsa-1024")]), "certificate.keys.0", "found 'rsa-1024', expected"),
        (thing(certificates=[certificate(key=None)]), "certificate.keys.0", "found 'None', expected"),
        (thing(desired={f"k{n}": n for n in range(201)}), "shadow.desired", "expected at most 200 of them"),
    ],
)
def test_what_no_known_good_may_say_is_captured_by_nobody(state: ThingState, field: str | None, said: str) -> None:
    """A weak key is no example, and neither is a thing that nothing lets in."""
    with pytest.raises(NotCapturable, match=said) as refused:
        captured(state, GOOD)
    assert refused.value.field == field
