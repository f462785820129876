"""Reads everything that containment depends on: the thing, its certificates, groups and sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cordon.model.response_policy import CriticalityRules
from cordon.model.thing import (
    THING_NAME,
    AttachedPolicy,
    CertificateFacts,
    GroupFacts,
    SessionFacts,
    ThingFacts,
)
from cordon.things.criticality import criticality_of
from cordon.things.policies import allows_anything

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient
    from mypy_boto3_iot_data import IoTDataPlaneClient

_CERTIFICATE = ":cert/"


class ThingReader:
    """Reads AWS IoT for one incident; policies are read once each."""

    def __init__(
        self, iot: IoTClient, iot_data: IoTDataPlaneClient, *, criticality: CriticalityRules | None = None
    ) -> None:
        """Read through the two clients; `criticality` says where that stands."""
        self._iot, self._iot_data = iot, iot_data
        self._criticality = criticality or CriticalityRules()
        self._documents: dict[str, str] = {}

    def read(self, name: str) -> ThingFacts | None:
        """Return the facts of the thing `name`, or None if AWS IoT has no such thing."""
        try:
            thing = self._iot.describe_thing(thingName=name)
        except self._iot.exceptions.ResourceNotFoundException:
            return None
        principals = self.principals(name)
        attributes, type_name, groups = thing.get("attributes", {}), thing.get("thingTypeName"), self._groups(name)
        return ThingFacts(
            name=name,
            arn=thing["thingArn"],
            type_name=type_name,
            attributes=attributes,
            version=thing.get("version", 1),
            criticality=criticality_of(attributes, [group.name for group in groups], type_name, self._criticality),
            certificates=[self.certificate(arn) for arn in principals if _CERTIFICATE in arn],
            other_principals=[arn for arn in principals if _CERTIFICATE not in arn],
            groups=groups,
            sessions=self.sessions(name),
        )

    def principals(self, thing_name: str) -> list[str]:
        """Return the ARNs of all principals of the thing, in order."""
        pages = self._iot.get_paginator("list_thing_principals").paginate(thingName=thing_name)
        return sorted(arn for page in pages for arn in page["principals"])

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
        return [self._session(client_id, thing_name) for client_id in client_ids]

    def _client_ids(self, thing_name: str, known: Iterable[str]) -> list[str]:
        try:
            seen = self._iot.get_thing_connectivity_data(thingName=thing_name).get("clientId")
        except (
            self._iot.exceptions.ResourceNotFoundException,
            # Fleet indexing is off or not ready: then only what we know already is looked at.
            self._iot.exceptions.IndexNotReadyException,
        ):
            seen = None
        return list(dict.fromkeys(filter(None, [thing_name, seen, *known])))

    def _session(self, client_id: str, thing_name: str) -> SessionFacts:
        if not _can_be_asked_about(client_id):
            return SessionFacts(client_id=client_id, connected=None, foreign="no request to AWS can name it")
        try:
            found = self._iot_data.get_connection(clientId=client_id)
        except self._iot_data.exceptions.ResourceNotFoundException:
            # The broker forgets a client half an hour after it left: it has no session.
            foreign = self._foreign(client_id, thing_name, None)
            return SessionFacts(client_id=client_id, connected=False, foreign=foreign)
        return SessionFacts(
            client_id=client_id,
            connected=found.get("connected"),
            reason=found.get("disconnectReason"),
            left_at=_moment(found.get("disconnectedSince")),
            foreign=self._foreign(client_id, thing_name, found.get("thingName")),
        )

    def _foreign(self, client_id: str, thing_name: str, belongs_to: str | None) -> str | None:
        """Say why a client id belongs to another thing than `thing_name`, if it does: then it is not ours to touch."""
        if belongs_to not in {None, thing_name}:
            return f"its session is the thing {belongs_to}'s"
        if client_id != thing_name and self._is_thing(client_id):
            return "it is the name of another thing"
        return None

    def _is_thing(self, name: str) -> bool:
        if not THING_NAME.fullmatch(name):
            return False
        try:
            self._iot.describe_thing(thingName=name)
        except self._iot.exceptions.ResourceNotFoundException:
            return False
        return True

    def _groups(self, thing_name: str) -> list[GroupFacts]:
        groups = sorted(groups_of(self._iot, thing_name))
        return [self._group(name, arn) for name, arn in groups]

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


def _can_be_asked_about(client_id: str) -> bool:
    """Say whether GetConnection takes the client id: it has it in its URL, where HTTP takes dots alone for folders.

    AWS refuses one that begins with a dollar sign (GetConnection, `clientId`): the refusal would end the assessment.
    """
    return client_id not in {".", ".."} and not client_id.startswith("$")


def _moment(milliseconds: int | None) -> datetime | None:
    """Return a time of the broker's (GetConnection: Unix time in milliseconds) as an aware one."""
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
