"""The bottling plant is there, is connected, and can be looked at before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cordon.things.role_aliases import RoleAliasReader, trusts_only_the_credentials_provider
from cryptography import x509
from moto.core.base_backend import BackendDict

from playtest.fleet import DemoFleet, FieldDiff, InvalidThing, Snapshot, diff
from playtest.fleet.certificates import demo_ca, demo_certificate
from playtest.fleet.demo_things import THINGS

FleetMaker = Callable[..., DemoFleet]


@pytest.fixture
def fleet(fleet_of: FleetMaker) -> DemoFleet:
    """The whole fleet."""
    return fleet_of()


def test_everything_of_the_plant_is_registered(fleet: DemoFleet) -> None:
    """Each thing has its type, attributes, groups and certificates; all but the spare are connected."""
    snapshot = fleet.snapshot()
    for spec in THINGS:
        fields = snapshot.registry[f"thing/{spec.name}"]
        assert (fields["type"], fields["attributes"]) == (spec.thing_type, dict(sorted(spec.attributes.items())))
        assert fields["groups"] == sorted(spec.groups)
        expected = [demo_certificate(label).certificate_id for label in spec.certificates]
        assert spec.cognito or fields["principals"] == sorted(expected)
    connected = {name for name, fields in snapshot.sessions.items() if fields["connected"]}
    clients = {spec.client_id or spec.name for spec in THINGS} - {"spare-01"}
    assert connected == {f"session/{client_id}" for client_id in clients}
    assert fleet.broker.refusals == []


def test_what_is_special_about_the_plant_is_so(fleet: DemoFleet) -> None:
    """Two things share a certificate, one has two, one none, one another client id, one an identity, one a host."""
    principals = {name: fleet.thing(name).device.principals for name in fleet.devices}
    assert principals["filler-01"] == principals["filler-02"]
    things = fleet.iot.list_principal_things(principal=principals["filler-01"][0])["things"]
    assert things == ["filler-01", "filler-02"]
    assert len(principals["mixer-01"]) == 2
    assert principals["spare-01"] == ()
    assert principals["tablet-01"][0].startswith("eu-central-1:")
    assert fleet.devices["labeller-01"].client_id == "line-1-labeller"
    assert fleet.iot.describe_thing(thingName="gateway-01")["attributes"]["ec2InstanceId"].startswith("i-")
    valve = fleet.iot.describe_thing(thingName="valve-controller-01")["attributes"]
    assert valve["criticality"] == "safety-critical"
    for name in ("camera-01", "camera-02", "gateway-01"):
        resource = "rolealias/device"
        assert fleet.broker.allows(name, principals[name][0], "iot:AssumeRoleWithCertificate", resource)


def test_certificates_are_real(fleet: DemoFleet) -> None:
    """A device's certificate is signed by the plant's CA, and AWS knows the CA."""
    certificate_id = fleet.certificate_id("pump-01")
    described = fleet.iot.describe_certificate(certificateId=certificate_id)["certificateDescription"]
    ca = x509.load_pem_x509_certificate(demo_ca().pem.encode())
    x509.load_pem_x509_certificate(described["certificatePem"].encode()).verify_directly_issued_by(ca)
    assert demo_certificate("pump-01") is demo_certificate("pump-01")


def test_every_device_may_do_what_it_does(fleet: DemoFleet) -> None:
    """Time passes, telemetry flows, and nobody is refused anything."""
    fleet.aws.clock.advance(3600)  # type: ignore[attr-defined] # the clock of the local AWS can
    assert fleet.broker.refusals == []
    assert len(fleet.broker.sessions.connected()) == len(THINGS) - 1


def test_two_looks_at_the_same_fleet_are_equal(fleet: DemoFleet) -> None:
    """Nothing that only passes with time is in a snapshot, and its order is fixed."""
    before = fleet.snapshot()
    fleet.aws.clock.advance(60)  # type: ignore[attr-defined] # the clock of the local AWS can
    after = fleet.snapshot()
    assert before == after
    assert list(before.registry) == sorted(before.registry)
    assert diff(before, after) == []


@contextmanager
def fresh_moto() -> Iterator[None]:
    """Forget all that moto holds, before and after."""
    BackendDict.reset()
    yield
    BackendDict.reset()


def contain(fleet: DemoFleet) -> None:
    """Do to pump-01 all that containment does."""
    iot, certificate_id = fleet.iot, fleet.certificate_id("pump-01")
    arn = fleet.broker.registry.certificate_arn(certificate_id)
    iot.update_certificate(certificateId=certificate_id, newStatus="INACTIVE")
    fleet.broker.drop("pump-01")
    document = iot.get_policy(policyName="plant-filler")["policyDocument"]
    iot.create_policy(policyName="quarantine", policyDocument=document)
    iot.attach_policy(policyName="quarantine", target=arn)
    iot.detach_policy(policyName="plant-device", target=arn)
    iot.create_thing_group(thingGroupName="quarantined")
    iot.add_thing_to_thing_group(thingGroupName="quarantined", thingName="pump-01")
    iot.remove_thing_from_thing_group(thingGroupName="line-1", thingName="pump-01")
    iot.update_thing(thingName="pump-01", attributePayload={"attributes": {"note": "x"}, "merge": True})


def test_a_difference_names_resource_field_before_and_after(fleet: DemoFleet) -> None:
    """Every kind of change that containment makes is seen, and nothing else."""
    before = fleet.snapshot()
    contain(fleet)
    certificate = f"certificate/{fleet.certificate_id('pump-01')}"
    document = fleet.iot.get_policy(policyName="quarantine")["policyDocument"]
    line = before.registry["group/line-1"]["members"]
    assert diff(before, fleet.snapshot()) == [
        FieldDiff(certificate, "policies", ["plant-device"], ["quarantine"]),
        FieldDiff(certificate, "status", "ACTIVE", "INACTIVE"),
        FieldDiff("group/line-1", "members", line, [name for name in line if name != "pump-01"]),
        FieldDiff("group/quarantined", "members", None, ["pump-01"]),
        FieldDiff("group/quarantined", "policies", None, []),
        FieldDiff("policy/quarantine", "document", None, document),
        FieldDiff("thing/pump-01", "attributes", {"site": "hall-a"}, {"note": "x", "site": "hall-a"}),
        FieldDiff("thing/pump-01", "groups", ["line-1"], ["quarantined"]),
        FieldDiff("session/pump-01", "connected", before=True, after=False),
    ]


def test_sessions_can_be_left_out_of_the_difference(fleet: DemoFleet) -> None:
    """A test that asks for what was changed is not told who came and went."""
    before = fleet.snapshot()
    fleet.broker.drop("pump-01")
    assert diff(before, fleet.snapshot(), sessions=False) == []
    assert [each.resource for each in diff(before, fleet.snapshot())] == ["session/pump-01"]


def test_what_is_gone_differs_too() -> None:
    """A resource that is not there any more has None after."""
    there, gone = Snapshot({"group/a": {"members": []}}, {}), Snapshot({}, {})
    assert diff(there, gone) == [FieldDiff("group/a", "members", [], None)]


def test_a_snapshot_reads_every_page(fleet: DemoFleet) -> None:
    """More things, groups and policies than a page holds are all seen."""
    for number in range(60):
        fleet.iot.create_thing(thingName=f"more-{number:02}")
    for number in range(27):
        fleet.iot.create_thing_group(thingGroupName=f"group-{number:02}")
    registry = fleet.snapshot().registry
    assert sum(resource.startswith("thing/") for resource in registry) == 60 + len(THINGS)
    assert sum(resource.startswith("group/group-") for resource in registry) == 27


def test_a_thing_can_be_added(fleet: DemoFleet) -> None:
    """It is registered with its attributes, has a certificate of its own and is connected."""
    added = fleet.add_thing("press-01", {"criticality": "low"})
    assert fleet.broker.sessions.is_connected("press-01")
    assert fleet.certificate_id("press-01") == added.certificate_ids[0] != fleet.certificate_id("pump-01")
    assert fleet.iot.describe_thing(thingName="press-01")["attributes"] == {"criticality": "low"}
    assert fleet.add_thing("n" * 128).certificate_ids


@pytest.mark.parametrize(
    ("name", "attributes", "field"),
    [
        ("", {}, "name"),
        ("a b", {}, "name"),
        ("<script>", {}, "name"),
        ("n" * 129, {}, "name"),
        ("pump-01", {}, "name"),
        ("press-01\n", {}, "name"),
        ("press-01", {"a b": "x"}, "attribute name"),
        ("press-01", {"note": ""}, "attribute note"),
        ("press-01", {"note": "a b"}, "attribute note"),
        ("press-01", {"note": "x" * 801}, "attribute note"),
        ("press-01", {str(number): "x" for number in range(51)}, "attributes"),
    ],
)
def test_a_thing_that_aws_would_refuse_is_not_added(
    fleet: DemoFleet, name: str, attributes: dict[str, str], field: str
) -> None:
    """The error names the field, and nothing was created."""
    before = fleet.snapshot()
    with pytest.raises(InvalidThing) as refusal:
        fleet.add_thing(name, attributes)
    assert refusal.value.field == field
    assert diff(before, fleet.snapshot()) == []


def test_a_copied_plant_is_the_plant(fleet_of: FleetMaker, plain_aws: Any) -> None:
    """The second plant of a process is a copy of what the first one's calls left, equal and independent."""
    created = fleet_of(*(spec.name for spec in THINGS)).snapshot()
    with fresh_moto():
        first = DemoFleet(plain_aws)
        contain(first)
    with fresh_moto():
        second = DemoFleet(plain_aws)
        copied = second.snapshot()
        assert second.broker.refusals == []
    tablet = "thing/tablet-01"  # its identity is another in each plant that is created
    assert {**copied.registry, tablet: None} == {**created.registry, tablet: None}
    assert copied.sessions.keys() == created.sessions.keys()


def test_a_copied_plant_has_the_roles_of_the_plant(plain_aws: Any) -> None:
    """The role alias's role is a real one of IAM, and has the id that a finding would name, in every copy."""
    for _ in range(2):
        with fresh_moto():
            fleet = DemoFleet(plain_aws)
            described = fleet.iot.describe_role_alias(roleAlias="device")["roleAliasDescription"]
            role = fleet.aws.client("iam").get_role(RoleName="DeviceRole")["Role"]
            assert (role["Arn"], role["RoleId"]) == (described["roleArn"], fleet.role_id("DeviceRole"))
            found = RoleAliasReader(fleet.iot, fleet.aws.client("iam")).all()
            assert [(one.role_id, one.only_credentials_provider) for one in found] == [(role["RoleId"], True)]
            operator = fleet.aws.client("iam").get_role(RoleName="PlantOperator")["Role"]
            assert not trusts_only_the_credentials_provider(operator["AssumeRolePolicyDocument"])


def test_a_certificate_that_no_thing_has_is_registered(fleet: DemoFleet) -> None:
    """It is left over from a thing that was thrown away."""
    certificate_id = fleet.certificate_id("retired-01")
    described = fleet.iot.describe_certificate(certificateId=certificate_id)["certificateDescription"]
    assert fleet.iot.list_principal_things(principal=described["certificateArn"])["things"] == []
    assert "retired-01" not in fleet.devices


def test_who_is_not_of_the_fleet_is_named(fleet: DemoFleet) -> None:
    """Asking for an unknown thing or for the certificate of one without says what is wrong."""
    with pytest.raises(LookupError, match="no thing 'nobody'"):
        fleet.thing("nobody")
    with pytest.raises(LookupError, match="spare-01 has no certificate"):
        fleet.certificate_id("spare-01")
    with pytest.raises(LookupError, match="no role 'nobody'"):
        fleet.role_id("nobody")
