"""The bottling plant: a fleet that exists in the local AWS, is connected, and behaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from moto.core.models import DEFAULT_ACCOUNT_ID

from playtest.fleet import broker as brokers
from playtest.fleet import demo_software, demo_things, firmware_catalog, snapshot
from playtest.fleet.broker import Broker
from playtest.fleet.certificates import demo_ca, demo_certificate
from playtest.fleet.demo_things import ThingSpec
from playtest.fleet.devices import Behaviour, Device
from playtest.fleet.imprint import Imprint
from playtest.fleet.registry import Registry
from playtest.fleet.role_sessions import denied_certificates
from playtest.fleet.shadows import RESERVED
from playtest.fleet.thing_names import InvalidThing, check_thing


class Clock(Protocol):
    """The clock of the local AWS."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""

    def subscribe(self, callback: Callable[..., None]) -> object:
        """Call `callback` whenever a Wait has moved the clock on."""


class Aws(Protocol):
    """The local AWS, as far as a fleet needs it: clients (any region has been chosen) and a clock."""

    @property
    def clock(self) -> Clock:
        """Return its clock."""

    def client(self, service: str) -> Any:
        """Return the boto3 client of this service."""


@dataclass(frozen=True)
class DemoThing:
    """A thing as it was created: what it was made from, the ids of its own certificates, and its device."""

    spec: ThingSpec
    certificate_ids: tuple[str, ...]
    device: Device


class DemoFleet:
    """The plant, created through the IoT API of `aws` and connected to a broker that this AWS then speaks to.

    Needs `playtest.local_aws.iot.install()` first, which keeps what moto would drop (exclusive attachments, DER ids).
    """

    def __init__(self, aws: Aws, things: Sequence[ThingSpec] = demo_things.THINGS) -> None:
        self.aws = aws
        self.iot: Any = aws.client("iot")
        region: str = self.iot.meta.region_name
        self.broker = Broker(Registry(DEFAULT_ACCOUNT_ID, region), aws.clock.now)
        self._things: dict[str, DemoThing] = {}
        self._deny_policy: str | None = None
        self._create_all(things)
        brokers.use(self.broker)
        for spec in things:
            self._power_on(spec)
        aws.clock.subscribe(self._time_passed)

    @property
    def devices(self) -> Mapping[str, Device]:
        """Return the devices by thing name."""
        return {name: thing.device for name, thing in self._things.items()}

    def thing(self, name: str) -> DemoThing:
        """Return a thing of the fleet; LookupError names it where there is none."""
        if name not in self._things:
            raise LookupError(f"the demo fleet has no thing {name!r}; it has {', '.join(self._things)}")
        return self._things[name]

    def certificate_id(self, thing_name: str) -> str:
        """Return the id of the (first) certificate of a thing, or of one that no thing has; LookupError for none."""
        if thing_name in demo_things.UNATTACHED_CERTIFICATES:
            return demo_certificate(thing_name).certificate_id
        certificate_ids = self.thing(thing_name).certificate_ids
        if not certificate_ids:
            raise LookupError(f"{thing_name} has no certificate")
        return certificate_ids[0]

    def role_id(self, role: str) -> str:
        """Return the unique id of a role of the plant; LookupError where it has none of that name."""
        if role not in demo_things.ROLES:
            raise LookupError(f"the demo fleet has no role {role!r}; it has {', '.join(demo_things.ROLES)}")
        role_id: str = self.aws.client("iam").get_role(RoleName=role)["Role"]["RoleId"]
        return role_id

    def carry(self, deny_policy: str) -> None:
        """Attach the stack's policy (its ARN) to the role of the role alias, as the customer does (docs/deploy.md)."""
        self._deny_policy = deny_policy
        self.aws.client("iam").attach_role_policy(RoleName=demo_things.DEVICE_ROLE, PolicyArn=deny_policy)

    def add_thing(self, name: str, attributes: Mapping[str, str] | None = None) -> DemoThing:
        """Add a connected thing with its own certificate, and the policy and group of the plant.

        Raises InvalidThing, which names the field, where AWS would refuse it or the name is taken.
        """
        check_thing(name, attributes or {})
        if self.broker.registry.knows_thing(name):
            raise InvalidThing("name", name, "a name that is not taken")
        spec = ThingSpec(name, "device", ("plant",), attributes=dict(attributes or {}), certificates=(name,))
        self._create(spec)
        return self._power_on(spec)

    def behave(self, thing_name: str, behaviour: Behaviour, *, comebacks: int = 2) -> None:
        """Give a device another behaviour; the certificate of a STUBBORN one lets it back in `comebacks` times."""
        device = self.thing(thing_name).device
        device.behaviour = behaviour
        if behaviour is Behaviour.STUBBORN:
            for principal in device.principals:
                self.broker.faults.comes_back(principal, comebacks)

    def certificate_stays_accepted(self, thing_name: str) -> None:
        """Switch a fault on: the broker goes on accepting the thing's certificates when they are not ACTIVE."""
        for principal in self.thing(thing_name).device.principals:
            self.broker.faults.stays_accepted(principal)

    def certificate_bites_after(self, thing_name: str, seconds: float) -> None:
        """Switch a fault on: the thing's certificates are accepted until `seconds` after they were deactivated."""
        for principal in self.thing(thing_name).device.principals:
            self.broker.faults.bites_after(principal, seconds)

    def snapshot(self) -> snapshot.Snapshot:
        """Return everything that containment could touch, as it is now."""
        policy, account = self._deny_policy, self.broker.registry.account
        denied = denied_certificates(account, policy) if policy else None
        return snapshot.take(self.iot, self.broker.sessions.all(), denied, self.broker.registry.shadows())

    def _time_passed(self, *_: object) -> None:
        self.broker.tick()

    def _create_all(self, things: Sequence[ThingSpec]) -> None:
        registry = self.broker.registry
        firmware_catalog.publish(registry.account, registry.region, self.aws.clock.now())
        imprint, is_the_plant = Imprint(registry.account, registry.region), things is demo_things.THINGS
        if is_the_plant and imprint.restore():
            return
        self._create_what_things_need(demo_things.policy_documents(registry.region, registry.account))
        for spec in things:
            self._create(spec)
        if is_the_plant:
            imprint.keep()

    def _create_what_things_need(self, policies: Mapping[str, str]) -> None:
        self.iot.register_ca_certificate(
            caCertificate=demo_ca().pem, certificateMode="SNI_ONLY", setAsActive=True, allowAutoRegistration=False
        )
        for kind in sorted({spec.thing_type for spec in demo_things.THINGS} | {"device"}):
            self.iot.create_thing_type(thingTypeName=kind)
        for name, document in policies.items():
            self.iot.create_policy(policyName=name, policyDocument=document)
        roles = {name: self._create_role(name, who) for name, who in demo_things.ROLES.items()}
        self.iot.create_role_alias(
            roleAlias=demo_things.ROLE_ALIAS,
            roleArn=roles[demo_things.DEVICE_ROLE]["Arn"],
            credentialDurationSeconds=3600,
        )
        for label in demo_things.UNATTACHED_CERTIFICATES:
            self._certificate(label)
        for group, parent in demo_things.GROUPS.items():
            self._create_group(group, parent)

    def _create_role(self, name: str, may_assume: Sequence[Mapping[str, str]]) -> Any:
        document = demo_things.trust_policy(may_assume)
        return self.aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]

    def _create_group(self, name: str, parent: str | None) -> None:
        above = {"parentGroupName": parent} if parent else {}
        arn = self.iot.create_thing_group(thingGroupName=name, **above)["thingGroupArn"]
        for policy in demo_things.GROUP_POLICIES.get(name, ()):
            self.iot.attach_policy(policyName=policy, target=arn)

    def _create(self, spec: ThingSpec) -> None:
        self.iot.create_thing(
            thingName=spec.name,
            thingTypeName=spec.thing_type,
            attributePayload={"attributes": dict(spec.attributes)},
        )
        for group in spec.groups:
            self.iot.add_thing_to_thing_group(thingGroupName=group, thingName=spec.name)
        certificate_ids = [self._certificate(label) for label in spec.certificates]
        principals = [self.broker.registry.certificate_arn(certificate_id) for certificate_id in certificate_ids]
        for principal in [*principals, *([self._cognito_identity()] if spec.cognito else [])]:
            self._attach(spec, principal)

    def _certificate(self, label: str) -> str:
        """Return the id of the certificate with this label, registered unless a thing that shares it was first."""
        certificate = demo_certificate(label)
        if self.broker.registry.certificate_status(certificate.certificate_id) is None:
            self.iot.register_certificate(
                certificatePem=certificate.pem, caCertificatePem=demo_ca().pem, status="ACTIVE"
            )
        return certificate.certificate_id

    def _cognito_identity(self) -> str:
        cognito = self.aws.client("cognito-identity")
        pool = cognito.create_identity_pool(
            IdentityPoolName=demo_things.IDENTITY_POOL, AllowUnauthenticatedIdentities=False
        )
        identity_id: str = cognito.get_id(IdentityPoolId=pool["IdentityPoolId"])["IdentityId"]
        return identity_id

    def _attach(self, spec: ThingSpec, principal: str) -> None:
        for policy in spec.policies:
            self.iot.attach_policy(policyName=policy, target=principal)
        kind = {"thingPrincipalType": "EXCLUSIVE_THING"} if spec.exclusive else {}
        self.iot.attach_thing_principal(thingName=spec.name, principal=principal, **kind)

    def _power_on(self, spec: ThingSpec) -> DemoThing:
        client_id = spec.client_id or spec.name
        principals = self.broker.registry.principals_of(spec.name)
        certificate_ids = tuple(each.rpartition("/")[2] for each in principals if ":cert/" in each)
        device = Device(spec.name, client_id, principals, f"dt/{spec.name}/telemetry", spec.behaviour)
        self._things[spec.name] = DemoThing(replace(spec, client_id=client_id), certificate_ids, device)
        self.broker.add_device(device.act)
        device.power_on(self.broker)
        if spec.behaviour is not Behaviour.OFFLINE:
            self._tell_shadows(spec)
        return self._things[spec.name]

    def _tell_shadows(self, spec: ThingSpec) -> None:
        """Say what the plant desires of the thing, and what its device reports: that, its own, and its firmware."""
        kind, firmware = spec.thing_type, demo_software.FIRMWARE[spec.thing_type]
        tell, now = self.broker.registry.tell_shadow, self.aws.clock.now()
        tell(spec.name, {"desired": demo_software.DESIRED[kind]}, now)
        tell(spec.name, {"reported": {**demo_software.DESIRED[kind], **demo_software.SAYS.get(kind, {})}}, now)
        tell(spec.name, {"reported": {firmware.package: {"version": firmware.current}}}, now, RESERVED)
