from __future__ import annotations

from typing import Any

import pytest
from cordon.model.thing import Criticality

from ..conftest import THING
from .conftest import Registry, document

OTHER = "pump-02"


def test_a_thing_that_is_not_there_has_no_facts(registry: Registry) -> None:
    """And nothing more is asked about it."""
    assert registry.reader.read("nobody") is None
    assert registry.iot.calls == ["describe_thing"]


def test_everything_that_containment_could_change_is_read(registry: Registry) -> None:
    """The thing, its certificate with its policies as AWS returned them, and its groups in order."""
    registry.thing(site="a")
    policy = registry.policy("plant-device", "iot:Connect")
    certificate = registry.certificate(policy)
    registry.group("plant")
    registry.group("line-1", policy)
    facts = registry.read()
    (found,) = facts.certificates
    assert (facts.name, facts.attributes, facts.version) == (THING, {"site": "a"}, 1)
    assert (found.id, found.status, found.things, found.is_shared) == (certificate, "ACTIVE", [THING], False)
    assert [(one.name, one.document) for one in found.policies] == [("plant-device", document("iot:Connect"))]
    assert [(group.name, [one.name for one in group.policies]) for group in facts.groups] == [
        ("line-1", ["plant-device"]),
        ("plant", []),
    ]


def test_a_certificate_tells_of_every_thing_that_lives_on_it(registry: Registry) -> None:
    """Whoever shuts it off cuts all of them off."""
    registry.thing()
    registry.thing(OTHER)
    registry.certificate(things=(THING, OTHER))
    (found,) = registry.read().certificates
    assert (found.things, found.is_shared) == ([THING, OTHER], True)


def test_what_a_parent_group_carries_binds_the_thing_too(registry: Registry) -> None:
    """A group is read with all that its members inherit."""
    registry.thing()
    registry.group("plant", registry.policy("of-plant", "iot:Connect"), member=None)
    registry.group("line-1", registry.policy("of-line", "iot:Publish"), parent="plant")
    (group,) = registry.read().groups
    assert (group.name, [policy.name for policy in group.policies]) == ("line-1", ["of-line", "of-plant"])


def test_a_dynamic_group_that_matters_tells_its_query(registry: Registry) -> None:
    """Only then can a person see why the thing is in it; a static group has none."""
    registry.thing()
    policy = registry.policy("plant-device", "iot:Connect")
    registry.dynamic_group("leased", policy)
    registry.group("line-1", policy)
    assert [(group.name, group.query) for group in registry.read().groups] == [
        ("leased", f"thingName:{THING}"),
        ("line-1", None),
    ]


def test_a_group_that_allows_nothing_is_not_asked_about(registry: Registry) -> None:
    """It is left alone, whatever it is, and every question delays the first containment call."""
    registry.thing()
    registry.group("plant")
    registry.dynamic_group("leased")
    registry.read()
    assert "describe_thing_group" not in registry.iot.calls


def test_a_policy_is_read_once_however_often_it_is_attached(registry: Registry) -> None:
    """AWS IoT's control plane takes a few calls a second, and the customer needs them too."""
    registry.thing()
    policy = registry.policy("plant-device", "iot:Connect")
    registry.certificate(policy)
    registry.group("line-1", policy)
    registry.group("line-2", policy)
    registry.read()
    assert registry.iot.calls.count("get_policy") == 1


def test_a_principal_that_is_no_certificate_is_named(registry: Registry) -> None:
    """A Cognito identity cannot be shut off by a certificate's status."""
    registry.thing()
    certificate = registry.certificate()
    cognito = registry.bed.client("cognito-identity")
    pool = cognito.create_identity_pool(IdentityPoolName="visitors", AllowUnauthenticatedIdentities=True)
    identity = cognito.get_id(IdentityPoolId=pool["IdentityPoolId"])["IdentityId"]
    registry.bed.iot.attach_thing_principal(thingName=THING, principal=identity)
    facts = registry.read()
    assert (facts.other_principals, [one.id for one in facts.certificates]) == ([identity], [certificate])


@pytest.mark.parametrize(
    ("attributes", "criticality"),
    [
        ({}, Criticality.STANDARD),
        ({"criticality": "low"}, Criticality.LOW),
        ({"criticality": "Safety_Critical"}, Criticality.SAFETY_CRITICAL),
        ({"criticality": "safety-critical"}, Criticality.SAFETY_CRITICAL),
        ({"criticality": "very"}, Criticality.UNKNOWN),
        ({"importance": "low"}, Criticality.STANDARD),
    ],
)
def test_a_word_that_we_do_not_know_is_never_taken_for_harmless(
    registry: Registry, attributes: dict[str, str], criticality: Criticality
) -> None:
    """Only a thing that says nothing is standard."""
    registry.thing(**attributes)
    assert registry.read().criticality is criticality


def test_a_thing_is_looked_for_under_every_client_id_that_is_known(registry: Registry) -> None:
    """Its name, the id that it was last seen under, and those that a plan has, each once and in that order."""
    registry.thing()
    registry.last_seen_as("press-7")
    found = registry.reader.sessions(THING, known=["press-7", "press-6", THING])
    assert [session.client_id for session in found] == [THING, "press-7", "press-6"]


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "IndexNotReadyException"])
def test_without_fleet_indexing_what_is_known_already_is_looked_at(registry: Registry, code: str) -> None:
    """An index that is off, or has not seen the thing yet, fails no assessment."""
    registry.thing()
    refusal = getattr(registry.bed.iot.exceptions, code)({"Error": {"Code": code}}, "GetThingConnectivityData")
    registry.iot.answers["get_thing_connectivity_data", THING] = refusal
    assert [session.client_id for session in registry.reader.sessions(THING, known=["press-7"])] == [THING, "press-7"]


def test_a_session_says_what_the_broker_says(registry: Registry) -> None:
    """Connected or not, and how it ended last; of one that the broker has forgotten, that it is not connected."""
    registry.thing()
    registry.session(THING, connected=False, thingName=THING, disconnectReason="CLIENT_ERROR")
    registry.session("press-7", thingName=THING)
    found = registry.reader.sessions(THING, known=["press-7", "press-6"])
    assert [(session.connected, session.reason) for session in found] == [
        (False, "CLIENT_ERROR"),
        (None, None),
        (False, None),
    ]


@pytest.mark.parametrize(
    ("client_id", "session", "foreign"),
    [
        (THING, None, None),
        (THING, {"connected": True, "thingName": THING}, None),
        (THING, {"connected": True, "thingName": OTHER}, f"its session is the thing {OTHER}'s"),
        ("press-7", None, None),
        ("press-7", {"connected": True}, None),
        ("press-7", {"connected": True, "thingName": THING}, None),
        ("press-7", {"connected": True, "thingName": OTHER}, f"its session is the thing {OTHER}'s"),
        (OTHER, {"connected": True, "thingName": THING}, "it is the name of another thing"),
        (OTHER, {"connected": False}, "it is the name of another thing"),
        (OTHER, None, "it is the name of another thing"),
        ("no name for a thing", None, None),
    ],
)
def test_a_client_id_that_is_another_things_is_foreign(
    registry: Registry, client_id: str, session: dict[str, Any] | None, foreign: str | None
) -> None:
    """Whoever has the key may choose it; it is foreign also when it has no session, since the other may come back."""
    registry.thing()
    registry.thing(OTHER)
    if session:
        registry.session(client_id, **session)
    (found,) = registry.reader.sessions_of([client_id], THING)
    assert (found.foreign, found.connected) == (foreign, bool(session and session["connected"]))


def test_a_client_id_that_no_thing_can_be_named_after_is_not_asked_about(registry: Registry) -> None:
    """AWS would refuse the question, and the refusal would end the assessment."""
    registry.reader.sessions_of(["no name for a thing", "x" * 129], THING)
    assert "describe_thing" not in registry.iot.calls


@pytest.mark.parametrize("client_id", [".", "..", "$pump"])
def test_a_client_id_that_no_request_can_name_is_left_alone(registry: Registry, client_id: str) -> None:
    """Whoever chooses it gains nothing: nobody asks or drops something else, and its leg is open."""
    registry.thing()
    registry.last_seen_as(client_id)
    (_, found) = registry.reader.sessions(THING)
    assert (found.client_id, found.connected, found.foreign) == (client_id, None, "no request to AWS can name it")
    assert registry.iot_data.calls == ["get_connection"]
