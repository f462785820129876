"""What the broker knows of the registry: certificates, attachments, groups and policies, read where moto keeps them.

The broker asks at every connect and every publish. Going through the API would cost milliseconds each and would show up
as calls that nobody made, so this one module reads moto's backend; `test_broker.py` fails when moto changes under it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import NameOID
from moto.iot.models import iot_backends

from playtest.fleet import shadows
from playtest.fleet.role_sessions import is_denied

if TYPE_CHECKING:
    from moto.iot.models import FakeThing, IoTBackend

_SUBJECT = {
    "CommonName": NameOID.COMMON_NAME,
    "Country": NameOID.COUNTRY_NAME,
    "Organization": NameOID.ORGANIZATION_NAME,
    "OrganizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "SerialNumber": NameOID.SERIAL_NUMBER,
    "State": NameOID.STATE_OR_PROVINCE_NAME,
}


_EXCLUSIVE = "exclusive_attachments"


class Registry:
    """The IoT registry of one account and Region of the local AWS."""

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region

    @cached_property
    def _iot(self) -> IoTBackend:
        return iot_backends[self.account][self.region]

    def arn(self, resource: str) -> str:
        """Return the ARN of an IoT resource, such as `client/pump-01` or `topic/a/b`."""
        return f"arn:aws:iot:{self.region}:{self.account}:{resource}"

    def certificate_arn(self, certificate_id: str) -> str:
        """Return the ARN of the certificate with this id (64 hex digits)."""
        return self.arn(f"cert/{certificate_id}")

    def certificate_status(self, certificate_id: str) -> str | None:
        """Return the status of the certificate, None where there is none."""
        certificate = self._iot.certificates.get(certificate_id)
        return certificate.status if certificate else None

    def subject(self, certificate_id: str) -> Mapping[str, str]:
        """Return the variables `iot:Certificate.Subject.…` of the certificate."""
        certificate = self._iot.certificates.get(certificate_id)
        return _subject(certificate.certificate_pem) if certificate else {}

    def things_of(self, principal: str) -> tuple[str, ...]:
        """Return the things that `principal` (a certificate's ARN or a Cognito identity id) is attached to."""
        return tuple(name for held_by, name in list(self._iot.principal_things) if held_by == principal)

    def principals_of(self, thing_name: str) -> tuple[str, ...]:
        """Return the principals attached to the thing, in the order in which they were attached."""
        return tuple(principal for principal, name in list(self._iot.principal_things) if name == thing_name)

    def is_exclusive(self, principal: str, thing_name: str) -> bool:
        """Say whether the attachment is EXCLUSIVE_THING."""
        return (principal, thing_name) in exclusive_attachments(self._iot)

    def knows_thing(self, thing_name: str) -> bool:
        """Say whether the thing is registered."""
        return self._thing(thing_name) is not None

    def thing_variables(self, thing_name: str) -> dict[str, str]:
        """Return what `iot:Connection.Thing.…` says of a registered thing: name, type and attributes."""
        thing = self._thing(thing_name)
        if thing is None:
            return {}
        attributes = {f"Attributes[{name}]": str(value) for name, value in thing.attributes.items()}
        kind = {"ThingTypeName": thing.thing_type.thing_type_name} if thing.thing_type else {}
        named = {"ThingName": thing_name} | kind | attributes
        return {f"iot:Connection.Thing.{name}": value for name, value in named.items()}

    def tell_shadow(self, thing_name: str, state: shadows.State, at: datetime, name: str | None = None) -> None:
        """Update a shadow of a registered thing, its classic one without `name`, as a message over MQTT does."""
        if thing := self._thing(thing_name):
            shadows.update(thing, state, at, name)

    def shadows(self) -> dict[str, dict[str | None, shadows.State]]:
        """Return the state of each shadow, by thing and by name of the shadow."""
        things = list(self._iot.things.values())
        return {
            thing.thing_name: {name: shadow.state for name, shadow in list(shadows.shadows_of(thing).items())}
            for thing in things
        }

    def groups_of(self, thing_name: str) -> tuple[str, ...]:
        """Return the ARNs of the groups that the thing is in, and of their parents."""
        arn = self.arn(f"thing/{thing_name}")
        direct = [group.thing_group_name for group in list(self._iot.thing_groups.values()) if arn in group.things]
        return tuple(sorted({self.arn(f"thinggroup/{name}") for group in direct for name in self._with_parents(group)}))

    def policies_of(self, target: str) -> tuple[str, ...]:
        """Return the default documents of the policies attached to `target` (a principal or a group's ARN)."""
        attachments = list(self._iot.principal_policies.items())  # a list: other threads may attach while we look
        return tuple(str(policy.document) for (held_by, _), (_, policy) in attachments if held_by == target)

    def role_alias_seconds(self, role_alias: str) -> int | None:
        """Return for how many seconds the credentials of the role alias live, None where there is none."""
        alias = self._iot.role_aliases.get(role_alias)
        return int(alias.credential_duration_seconds) if alias else None

    def denies_session(self, role_alias: str, certificate_id: str) -> bool:
        """Say whether the role behind the role alias denies credentials that were handed out to the certificate."""
        alias = self._iot.role_aliases.get(role_alias)
        return alias is not None and is_denied(self.account, alias.role_arn, certificate_id)

    def _thing(self, thing_name: str) -> FakeThing | None:
        return self._iot.things.get(self.arn(f"thing/{thing_name}"))

    def _with_parents(self, group_name: str | None) -> Iterator[str]:
        while group_name and (group := self._iot.thing_groups.get(self.arn(f"thinggroup/{group_name}"))):
            yield group_name
            group_name = group.parent_group_name


def exclusive_attachments(backend: IoTBackend) -> frozenset[tuple[str, str]]:
    """Return principal and thing of each EXCLUSIVE_THING attachment, which moto drops and we keep on its backend."""
    kept: frozenset[tuple[str, str]] = getattr(backend, _EXCLUSIVE, frozenset())
    return kept


def keep_exclusive_attachments(backend: IoTBackend, attachments: frozenset[tuple[str, str]]) -> None:
    """Keep these as all the EXCLUSIVE_THING attachments that there are; they end with the mock."""
    setattr(backend, _EXCLUSIVE, attachments)


@lru_cache(maxsize=256)
def _subject(pem: str) -> Mapping[str, str]:
    subject = x509.load_pem_x509_certificate(pem.encode()).subject
    found = {name: subject.get_attributes_for_oid(oid) for name, oid in _SUBJECT.items()}
    return {f"iot:Certificate.Subject.{name}": str(values[0].value) for name, values in found.items() if values}
