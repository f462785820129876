"""The plan that contains one thing with certificates of its own, in the order that survives a crash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from cordon.actions.certificate_status import CertificateStatus
from cordon.actions.group_membership import MOST_GROUPS, GroupMembership
from cordon.actions.iot_policy import IotPolicy
from cordon.actions.policy_attachment import PolicyAttachment
from cordon.actions.session import plan_drop
from cordon.model.change import Change, Effect, Gap, Plan
from cordon.model.incident import Containment
from cordon.model.thing import SessionFacts, ThingFacts
from cordon.things.arns import IotArns
from cordon.things.policies import ASSUME_ROLE, allows, allows_anything

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient


@dataclass(frozen=True)
class ContainmentPlanner:
    """Makes the plan from facts; calls nothing. The actions give the changes, this gives their order.

    The certificates go first: INACTIVE is the fastest of the changes that outlive a reconnect. Then the sessions are
    dropped (the plan's effects), then the policies replaced, so that reactivating a certificate for repair opens no
    hole, and last the thing is put where people look for it.
    """

    certificates: CertificateStatus
    policies: IotPolicy
    attachments: PolicyAttachment
    groups: GroupMembership
    arns: IotArns
    quarantine_group: str

    @classmethod
    def over(cls, iot: IoTClient, account_id: str, quarantine_group: str) -> Self:
        """Return a planner whose actions speak to `iot`, for the things of an account (12 digits)."""
        arns = IotArns(iot, account_id)
        attachments = PolicyAttachment(iot, arns)
        return cls(CertificateStatus(iot), IotPolicy(iot), attachments, GroupMembership(iot), arns, quarantine_group)

    def plan(
        self,
        thing: ThingFacts,
        incident_id: str,
        *,
        containment: Containment = Containment.ISOLATE,
        topics: Sequence[str] = (),
    ) -> Plan:
        """Return the plan for `thing`.

        Raises:
            PlanUnworkable: AWS would not take it, or could not put it back.
        """
        name = quarantine_policy_name(incident_id)
        joined = self.groups.plan_join(thing, self.quarantine_group)
        left = self.groups.plan_leave(thing, but=self.quarantine_group)
        is_full = len(thing.groups) - len(left) >= MOST_GROUPS and bool(joined)
        return Plan(
            changes=[
                *(change for certificate in thing.certificates for change in self.certificates.plan(certificate)),
                *self._replace_policies(thing, name),
                *left,
                *([] if is_full else joined),
            ],
            effects=drops(thing.name, thing.sessions),
            gaps=[*_gaps(thing), *([self._full_gap()] if is_full else [])],
        )

    def _full_gap(self) -> Gap:
        return Gap(
            resource=f"group/{self.quarantine_group}",
            reason=f"the thing is in {MOST_GROUPS} groups already, the most that AWS IoT allows",
        )

    def _replace_policies(self, thing: ThingFacts, name: str) -> list[Change]:
        if not thing.certificates:
            return []
        document = quarantine_document(thing.name, own_client_ids(thing), self.arns)
        hits = sorted({hit for certificate in thing.certificates for hit in certificate.things})
        made = self.policies.plan(name, document, hits=hits)
        return [
            *made,
            *(
                change
                for certificate in thing.certificates
                for change in self.attachments.plan(certificate, replacement=name)
            ),
        ]


def quarantine_policy_name(incident_id: str) -> str:
    """Return the name of the incident's quarantine policy."""
    return f"cordon-quarantine-{incident_id}"


def quarantine_document(thing_name: str, client_ids: list[str], arns: IotArns) -> dict[str, Any]:
    """Return the policy under which the thing can be repaired and can do nothing else.

    Allow-only: an explicit deny beats every allow and IoT policies know no exceptions (AWS-FACTS 1.3). Literal names: a
    policy variable resolves only where the client id is the thing's name.
    """
    own = [f"$aws/things/{thing_name}/jobs/*", f"$aws/things/{thing_name}/shadow/*"]
    statements = {
        "iot:Connect": [arns.client(client_id) for client_id in client_ids],
        "iot:Publish": [arns.topic(topic) for topic in own],
        "iot:Receive": [arns.topic(topic) for topic in own],
        "iot:Subscribe": [arns.topic_filter(topic) for topic in own],
    }
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": action, "Resource": resources} for action, resources in statements.items()
        ],
    }


def own_client_ids(thing: ThingFacts) -> list[str]:
    """Return the client ids under which the thing may connect for repair: its name, and its own others."""
    others = [session.client_id for session in thing.sessions if session.foreign is None]
    return list(dict.fromkeys([thing.name, *others]))


def drops(thing_name: str, sessions: list[SessionFacts]) -> list[Effect]:
    """Return the effects that drop the thing's own sessions. A foreign one is left alone."""
    return [plan_drop(session.client_id, thing_name=thing_name) for session in sessions if session.foreign is None]


def _gaps(thing: ThingFacts) -> list[Gap]:
    foreign = [
        Gap(resource=f"connection/{session.client_id}", reason=f"this client id is left alone: {session.foreign}")
        for session in thing.sessions
        if session.foreign
    ]
    others = [
        Gap(resource=f"principal/{arn}", reason="the thing also has a principal that is no certificate")
        for arn in thing.other_principals
    ]
    return foreign + others + _dynamic_gaps(thing) + _sts_gaps(thing)


def _dynamic_gaps(thing: ThingFacts) -> list[Gap]:
    """Return what the thing may go on doing as a member of groups that it cannot be taken out of."""
    return [
        Gap(
            resource=f"group/{group.name}",
            reason=f"policy {policy.name} goes on allowing what it allows: the group is dynamic, and AWS lets nobody "
            "take a thing out of it",
        )
        for group in thing.groups
        if group.query is not None
        for policy in group.policies
        if allows_anything(policy)
    ]


def _sts_gaps(thing: ThingFacts) -> list[Gap]:
    """Return the ways to AWS credentials, which outlive the certificate that they were given for by up to 12 hours."""
    inherited = [policy for group in thing.groups for policy in group.policies]
    return [
        Gap(
            resource=f"sts/{certificate.id}",
            reason=f"policy {name} lets it get AWS credentials through the credentials provider; "
            "those handed out already live up to 12 hours",
        )
        for certificate in thing.certificates
        for name in dict.fromkeys(allows([*certificate.policies, *inherited], ASSUME_ROLE))
    ]
