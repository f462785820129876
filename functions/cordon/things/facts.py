"""Reads everything that containment depends on: the thing, its certificates, groups and sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cordon.model.response_policy import ResponsePolicy
from cordon.model.thing import AttachedPolicy, CertificateFacts, GroupFacts, SessionFacts, ThingFacts
from cordon.things.criticality import criticality_of
from cordon.things.policies import allows_anything
from cordon.things.sessions import Recorded, SessionReader, principals_of

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient
    from mypy_boto3_iot_data import IoTDataPlaneClient

_CERTIFICATE = ":cert/"


class ThingReader:
    """Reads AWS IoT for one incident; policies are read once each."""

    def __init__(
        self,
        iot: IoTClient,
        iot_data: IoTDataPlaneClient,
        *,
        policy: ResponsePolicy | None = None,
        recorded: Recorded | None = None,
    ) -> None:
        """Read through the two clients; `recorded` knows of connections.

        `policy` says where criticality stands: without one it is unknown of all that is not marked safety-critical.
        """
        self._iot = iot
        self._sessions = SessionReader(iot, iot_data, recorded)
        self._criticality = policy.criticality if policy else None
        self._named_groups = policy.named_groups if policy else frozenset()
        self._documents: dict[str, str] = {}

    def read(self, name: str) -> ThingFacts | None:
        """Return the facts of the thing `name`, or None if AWS IoT has no such thing."""
        try:
            thing = self._iot.describe_thing(thingName=name)
        except self._iot.exceptions.ResourceNotFoundException:
            return None
        principals = self.principals(name)
        certificates = [self.certificate(arn) for arn in principals if _CERTIFICATE in arn]
        # Of a certificate that others use too, nobody can say whose client id one is that names no thing.
        recorded, beyond = self._sessions.of_certificates(one.id for one in certificates if not one.is_shared)
        told = self._client_ids(name, [])
        attributes, type_name, groups = thing.get("attributes", {}), thing.get("thingTypeName"), self._groups(name)
        direct = [group.name for group in groups]
        above = self._above(direct)
        return ThingFacts(
            name=name,
            arn=thing["thingArn"],
            type_name=type_name,
            attributes=attributes,
            version=thing.get("version", 1),
            criticality=criticality_of(attributes, [*direct, *above], type_name, self._criticality),
            certificates=certificates,
            other_principals=[arn for arn in principals if _CERTIFICATE not in arn],
            groups=groups,
            groups_above=above,
            sessions=self.sessions_of(dict.fromkeys([*told, *recorded]), name),
            recorded_client_ids=[one for one in recorded if one not in told],
            more_client_ids=beyond,
        )

    def principals(self, thing_name: str) -> list[str]:
        """Return the ARNs of all principals of the thing, in order."""
        return principals_of(self._iot, thing_name)

    def certificate(self, arn: str) -> CertificateFacts:
        """Return the facts of the certificate with that ARN."""
        certificate_id = arn.rpartition("/")[2]
        described = self._iot.describe_certificate(certificateId=certificate_id)["certificateDescription"]
        things = self._iot.get_paginator("list_principal_things").paginate(principal=arn)
        return CertificateFacts(
            id=certificate_id,
            arn=arn,
            status=described["status"],
            policies=list(self._policies(attached_names(self._iot, arn))),
            things=sorted(name for page in things for name in page["things"]),
        )

    def sessions(self, thing_name: str, *, known: Iterable[str] = ()) -> list[SessionFacts]:
        """Return what the broker says of the thing's client ids: its name, the one last seen, and those in `known`."""
        return self.sessions_of(self._client_ids(thing_name, known), thing_name)

    def sessions_of(self, client_ids: Iterable[str], thing_name: str) -> list[SessionFacts]:
        """Return what the broker says of these client ids, and whether each is the thing's own."""
        return [self._sessions.read(client_id, thing_name) for client_id in client_ids]

    def _client_ids(self, thing_name: str, known: Iterable[str]) -> list[str]:
        return list(dict.fromkeys(filter(None, [thing_name, self._sessions.last_seen(thing_name), *known])))

    def _groups(self, thing_name: str) -> list[GroupFacts]:
        groups = sorted(groups_of(self._iot, thing_name))
        return [self._group(name, arn) for name, arn in groups]

    def _above(self, direct: list[str]) -> list[str]:
        """Return the groups in which those lie, where it matters: each of them is a question of its own."""
        return sorted(groups_above(self._iot, direct)) if self._named_groups - set(direct) else []

    def _group(self, name: str, arn: str) -> GroupFacts:
        # Recursive: what a parent group carries binds the members of its children too.
        policies = list(self._policies(attached_names(self._iot, arn, recursive=True)))
        # Asked only of a group that containment would leave: few things are in any, and each question takes its time.
        matters = any(map(allows_anything, policies))
        return GroupFacts(name=name, arn=arn, policies=policies, query=self._query(name) if matters else None)

    def _query(self, group: str) -> str | None:
        """Return the query of a dynamic group; a static one has none."""
        return self._iot.describe_thing_group(thingGroupName=group).get("queryString")

    def _policies(self, names: Iterable[str]) -> Iterator[AttachedPolicy]:
        for name in names:
            if name not in self._documents:
                self._documents[name] = self._iot.get_policy(policyName=name)["policyDocument"]
            yield AttachedPolicy(name=name, document=self._documents[name])


def attached_names(iot: IoTClient, target: str, *, recursive: bool = False) -> list[str]:
    """Return the names of the policies attached to a certificate or group ARN, in order."""
    pages = iot.get_paginator("list_attached_policies").paginate(target=target, recursive=recursive)
    return sorted(policy["policyName"] for page in pages for policy in page["policies"])


def groups_of(iot: IoTClient, thing_name: str) -> list[tuple[str, str]]:
    """Return name and ARN of every group that the thing is a direct member of."""
    pages = iot.get_paginator("list_thing_groups_for_thing").paginate(thingName=thing_name)
    return [(group["groupName"], group["groupArn"]) for page in pages for group in page["thingGroups"]]


def groups_above(iot: IoTClient, names: Iterable[str]) -> set[str]:
    """Return the names of all groups that these groups lie in."""
    found = (iot.describe_thing_group(thingGroupName=name).get("thingGroupMetadata", {}) for name in names)
    return {above["groupName"] for metadata in found for above in metadata.get("rootToParentThingGroups", [])}
