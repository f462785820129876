"""The broker lets devices in and throws them out as AWS IoT does."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from playtest.fleet import Broker, DemoFleet, Refused
from playtest.fleet.sessions import NoSession
from tests.unit.playtest.watched_fleet import deactivate, is_connected, principal, reason, wait

FleetMaker = Callable[..., DemoFleet]


@pytest.fixture
def fleet(fleet_of: FleetMaker) -> DemoFleet:
    """The plant; most tests are about its pump-01."""
    return fleet_of()


def test_a_device_is_connected_from_the_start(fleet: DemoFleet) -> None:
    """A session says who, as which thing, and since when."""
    session = fleet.broker.sessions.get("pump-01")
    assert session is not None
    assert session.connected
    assert (session.thing_name, session.principal) == ("pump-01", principal(fleet))
    assert timedelta() <= fleet.broker.now() - session.connected_since < timedelta(minutes=1)


def test_nobody_is_dropped_twice(fleet: DemoFleet) -> None:
    """Dropping a client without a session says so."""
    fleet.broker.drop("pump-01")
    with pytest.raises(NoSession):
        fleet.broker.drop("pump-01")
    with pytest.raises(NoSession):
        fleet.broker.drop("nobody")


@pytest.mark.parametrize("status", ["INACTIVE", "REVOKED"])
def test_a_deactivated_certificate_is_refused_at_once(fleet: DemoFleet, status: str) -> None:
    """A device whose certificate is not ACTIVE cannot come back, however long it tries."""
    fleet.iot.update_certificate(certificateId=fleet.certificate_id("pump-01"), newStatus=status)
    fleet.broker.drop("pump-01")
    for _ in range(3):
        wait(fleet, 60)
        assert not is_connected(fleet)
    assert {refusal.reason for refusal in fleet.broker.refusals} == {"CERTIFICATE_NOT_ACTIVE"}
    assert reason(fleet) == "API_INITIATED_DISCONNECT"


def test_the_sessions_of_a_deactivated_certificate_end_within_minutes(fleet: DemoFleet) -> None:
    """Nobody drops it, and AWS does, counted from the change and not from the first look."""
    deactivate(fleet)
    wait(fleet, 170)
    assert is_connected(fleet)
    wait(fleet, 10)
    assert not is_connected(fleet)
    assert reason(fleet) == "AUTH_ERROR"


def test_a_reactivated_certificate_is_as_good_as_new(fleet: DemoFleet) -> None:
    """Deactivation is undone: the device comes back, and a later one counts from its own time."""
    deactivate(fleet)
    fleet.broker.drop("pump-01")
    fleet.iot.update_certificate(certificateId=fleet.certificate_id("pump-01"), newStatus="ACTIVE")
    wait(fleet, 600)
    assert is_connected(fleet)
    deactivate(fleet)
    wait(fleet, 60)
    assert is_connected(fleet)


def test_a_second_connection_takes_the_client_id_over(fleet: DemoFleet) -> None:
    """The same client id from elsewhere ends the first session."""
    before = fleet.broker.sessions.get("pump-01")
    after = fleet.broker.connect("pump-01", principal(fleet))
    assert before is not None
    assert after.connected_since > before.connected_since
    assert len([each for each in fleet.broker.sessions.connected() if each.client_id == "pump-01"]) == 1


def attach(fleet: DemoFleet, name: str, *statements: dict[str, str]) -> None:
    """Make a policy and attach it to the pump's certificate."""
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    fleet.iot.create_policy(policyName=name, policyDocument=text)
    fleet.iot.attach_policy(policyName=name, target=principal(fleet))


DENY = {"Effect": "Deny", "Action": "iot:Connect", "Resource": "*"}
DENY_ALL = {"Effect": "Deny", "Action": "*", "Resource": "*"}


def test_a_policy_change_bites_after_the_cache(fleet: DemoFleet) -> None:
    """A new deny is not seen for 7 minutes from the change, and is obeyed from then on."""
    attach(fleet, "deny", DENY)
    for seconds in (60, 60, 290):
        wait(fleet, seconds)
        fleet.broker.drop("pump-01")
        fleet.broker.connect("pump-01", principal(fleet))
    wait(fleet, 20)
    fleet.broker.drop("pump-01")
    wait(fleet, 1)
    assert not is_connected(fleet)
    assert fleet.broker.refusals[-1].reason == "explicitDeny: client/pump-01"


def test_a_denied_publish_costs_the_session(fleet: DemoFleet) -> None:
    """A client that does what it may not is disconnected, and may come back if it may connect."""
    with pytest.raises(Refused):
        fleet.broker.publish("pump-01", "dt/pump-02/telemetry")
    assert reason(fleet) == "FORBIDDEN_ACCESS"
    wait(fleet, 1)
    assert is_connected(fleet)


def test_a_denied_subscription_costs_the_session(fleet: DemoFleet) -> None:
    """As a publish: the broker disconnects."""
    fleet.broker.subscribe("pump-01", "dt/pump-01/#")
    with pytest.raises(Refused):
        fleet.broker.subscribe("pump-01", "#")
    assert reason(fleet) == "FORBIDDEN_ACCESS"


def test_a_live_session_meets_a_new_deny_when_it_next_acts(fleet: DemoFleet) -> None:
    """Telemetry that is denied after the cache has run out ends the session, and the reconnect is denied too."""
    attach(fleet, "deny", DENY_ALL)
    wait(fleet, 400)
    assert is_connected(fleet)
    wait(fleet, 30)
    assert not is_connected(fleet)
    assert [refusal.action for refusal in fleet.broker.refusals] == ["iot:Publish", "iot:Connect"]


def test_who_is_not_connected_cannot_act(fleet: DemoFleet) -> None:
    """An act needs a session."""
    with pytest.raises(NoSession):
        fleet.broker.publish("nobody", "dt/nobody/x")


def test_a_group_policy_binds_only_where_the_client_id_is_the_things_name(fleet: DemoFleet) -> None:
    """The capper may send its line's commands, by its group; under another client id the group says nothing."""
    capper = principal(fleet, "capper-01")
    fleet.broker.publish("capper-01", "cmd/line-2/stop")
    assert fleet.broker.allows("capper-01", capper, "iot:Publish", "topic/cmd/line-2/stop")
    assert not fleet.broker.allows("intruder", capper, "iot:Publish", "topic/cmd/line-2/stop")
    fleet.iot.remove_thing_from_thing_group(thingGroupName="line-2", thingName="capper-01")
    assert fleet.broker.allows("capper-01", capper, "iot:Publish", "topic/cmd/line-2/stop")
    wait(fleet, 430)
    assert not fleet.broker.allows("capper-01", capper, "iot:Publish", "topic/cmd/line-2/stop")


def test_the_policy_of_a_parent_group_binds_too(fleet: DemoFleet) -> None:
    """What hangs on `plant` binds the things of its lines."""
    text = json.dumps({"Version": "2012-10-17", "Statement": [DENY]})
    fleet.iot.create_policy(policyName="deny", policyDocument=text)
    group = fleet.iot.describe_thing_group(thingGroupName="plant")
    fleet.iot.attach_policy(policyName="deny", target=group["thingGroupArn"])
    wait(fleet, 430)
    assert not fleet.broker.allows("pump-01", principal(fleet), "iot:Connect", "client/pump-01")


def test_an_exclusive_thing_is_known_by_any_client_id(fleet: DemoFleet) -> None:
    """The labeller is attached EXCLUSIVE_THING: its session is its thing's although the client id is another."""
    session = fleet.broker.sessions.of_thing("labeller-01")
    assert session is not None
    assert session.client_id == "line-1-labeller"


def test_without_exclusiveness_another_client_id_is_nobodys(fleet_of: FleetMaker) -> None:
    """AWS cannot tell whose session it is, so the thing has none."""
    fleet = fleet_of("labeller-01", exclusive=False)
    session = fleet.broker.sessions.get("line-1-labeller")
    assert session is not None
    assert session.thing_name is None
    assert fleet.broker.sessions.of_thing("labeller-01") is None


def test_a_cognito_identity_has_no_certificate_to_shut_off(fleet: DemoFleet) -> None:
    """The tablet is let in by the policy of its identity alone."""
    assert is_connected(fleet, "tablet-01")
    assert fleet.thing("tablet-01").certificate_ids == ()
    fleet.broker.drop("tablet-01")
    wait(fleet, 1)
    assert is_connected(fleet, "tablet-01")


def test_the_credentials_provider_asks_certificate_and_policy(fleet: DemoFleet) -> None:
    """A camera gets credentials that outlive its certificate's status, and no new ones; a pump gets none."""
    camera, pump = fleet.certificate_id("camera-01"), fleet.certificate_id("pump-01")
    held = fleet.broker.assume_role_with_certificate(camera, "device", "camera-01")
    assert held.expires_at - held.issued_at == timedelta(hours=1)
    for certificate_id, alias, thing_name in [
        (pump, "device", "pump-01"),
        (camera, "no-such-alias", "camera-01"),
    ]:
        with pytest.raises(Refused):
            fleet.broker.assume_role_with_certificate(certificate_id, alias, thing_name)
    deactivate(fleet, "camera-01")
    with pytest.raises(Refused):
        fleet.broker.assume_role_with_certificate(camera, "device", "camera-01")
    assert fleet.broker.credentials == [held]


@pytest.fixture
def deny(fleet: DemoFleet) -> Any:
    """Denies the sessions of these certificates, by a policy that the plant's role carries."""
    iam = fleet.aws.client("iam")

    def document(*certificate_ids: str) -> str:
        condition = {"StringEquals": {"credentials-iot:AwsCertificateId": [*certificate_ids] or ["none"]}}
        statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    arn = iam.create_policy(PolicyName="deny", PolicyDocument=document())["Policy"]["Arn"]
    fleet.carry(arn)

    def write(*certificate_ids: str) -> None:
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(*certificate_ids), SetAsDefault=True)

    return write


def test_credentials_are_good_until_they_run_out_or_are_denied(fleet: DemoFleet, deny: Any) -> None:
    """The certificate's status does not touch them; a policy on the role denies one certificate's and no other's."""
    one, other = fleet.certificate_id("camera-01"), fleet.certificate_id("camera-02")
    held = fleet.broker.assume_role_with_certificate(one, "device", "camera-01")
    bystander = fleet.broker.assume_role_with_certificate(other, "device", "camera-02")
    fleet.iot.update_certificate(certificateId=one, newStatus="INACTIVE")
    assert fleet.broker.may_use(held)
    deny(one)
    assert [fleet.broker.may_use(each) for each in (held, bystander)] == [False, True]
    assert fleet.snapshot().registry["sts-deny/policy"] == {"certificates": [one]}
    deny()
    assert fleet.broker.may_use(held)
    wait(fleet, 3600)
    assert [fleet.broker.may_use(each) for each in (held, bystander)] == [False, False]


def test_a_policy_that_the_role_does_not_carry_denies_nobody(fleet: DemoFleet, deny: Any) -> None:
    """It must be attached."""
    one = fleet.certificate_id("camera-01")
    held = fleet.broker.assume_role_with_certificate(one, "device", "camera-01")
    deny(one)
    (carried,) = fleet.aws.client("iam").list_attached_role_policies(RoleName="DeviceRole")["AttachedPolicies"]
    fleet.aws.client("iam").detach_role_policy(RoleName="DeviceRole", PolicyArn=carried["PolicyArn"])
    assert fleet.broker.may_use(held)


def test_a_fleet_without_such_a_policy_shows_none(fleet: DemoFleet) -> None:
    """The snapshot speaks of what is there."""
    assert "sts-deny/policy" not in fleet.snapshot().registry


def test_a_clean_session_is_forgotten(fleet: DemoFleet) -> None:
    """Nothing is left of its client, while the thing's connectivity data remember it."""
    fleet.broker.drop("pump-01", clean_session=True)
    assert fleet.broker.sessions.get("pump-01") is None
    remembered = fleet.broker.sessions.of_thing("pump-01")
    assert remembered is not None
    assert remembered.disconnect_reason == "API_INITIATED_DISCONNECT"


def test_the_registry_reads_what_the_api_says(fleet: DemoFleet) -> None:
    """The broker's short cut into moto sees the same attachments, groups, policies and statuses as the API."""
    registry, iot = fleet.broker.registry, fleet.iot
    for name in fleet.devices:
        principals = tuple(iot.list_thing_principals(thingName=name)["principals"])
        assert registry.principals_of(name) == principals
        direct = {group["groupArn"] for group in iot.list_thing_groups_for_thing(thingName=name)["thingGroups"]}
        assert direct <= set(registry.groups_of(name))
        for target in principals:
            attached = iot.list_attached_policies(target=target)["policies"]
            documents = [iot.get_policy(policyName=each["policyName"])["policyDocument"] for each in attached]
            assert list(registry.policies_of(target)) == documents
    assert registry.role_alias_seconds("device") == 3600
    valve = registry.thing_variables("valve-controller-01")
    assert valve["iot:Connection.Thing.Attributes[criticality]"] == "safety-critical"
    assert valve["iot:Connection.Thing.ThingTypeName"] == "valve-controller"
    assert registry.subject(fleet.certificate_id("pump-01"))["iot:Certificate.Subject.CommonName"] == "pump-01"


def test_a_broker_can_be_made_to_wait_for_nothing(fleet: DemoFleet) -> None:
    """Both delays are configurable."""
    registry, now = fleet.broker.registry, fleet.broker.now
    eager = Broker(registry, now, policy_cache=timedelta(), session_end=timedelta())
    eager.connect("pump-01", principal(fleet))
    deactivate(fleet)
    eager.tick()
    assert not eager.sessions.is_connected("pump-01")
