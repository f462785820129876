"""The plan that contains one thing, in the order that survives a crash, and touches no other thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

from cordon.actions.certificate_status import CertificateStatus
from cordon.actions.group_membership import MOST_GROUPS, GroupMembership
from cordon.actions.iot_policy import IotPolicy
from cordon.actions.policy_attachment import MOST_POLICIES, PolicyAttachment
from cordon.errors import PlanUnworkable
from cordon.model.change import Change, Gap, Hold, Plan
from cordon.model.incident import Containment
from cordon.model.thing import CertificateFacts, ThingFacts
from cordon.response import gaps
from cordon.response.client_ids import deniable_client_ids, drops, own_client_ids
from cordon.response.policy_documents import (
    deny_connect_document,
    deny_policy_name,
    deny_topics_document,
    fitting,
    is_ours,
    of_thing,
    quarantine_document,
    quarantine_policy_name,
)
from cordon.response.sts_leg import StsLegs
from cordon.things.arns import IotArns

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient


class HoldsOfOthers(Protocol):
    """Who knows what other incidents need as it is."""

    def of_others(self, root: str, incident_id: str) -> list[Hold]:
        """Return what other incidents hold of a root resource (`certificate/<id>`, `thing/<name>`)."""
        ...


@dataclass(frozen=True)
class ContainmentPlanner:
    """Makes the plan from facts; asks nothing of AWS. The actions give the changes, this gives their order.

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
    holds: HoldsOfOthers | None = None
    sts: StsLegs | None = None
    """None: nothing is known of role aliases, and none is spoken of."""

    @classmethod
    def over(
        cls,
        iot: IoTClient,
        account_id: str,
        quarantine_group: str,
        *,
        holds: HoldsOfOthers | None = None,
        sts: StsLegs | None = None,
    ) -> Self:
        """Return a planner whose actions speak to `iot`, for the things of an account (12 digits)."""
        arns = IotArns(iot, account_id)
        attachments = PolicyAttachment(iot, arns)
        policies, groups = IotPolicy(iot), GroupMembership(iot)
        return cls(CertificateStatus(iot), policies, attachments, groups, arns, quarantine_group, holds, sts)

    def plan(
        self,
        thing: ThingFacts,
        incident_id: str,
        *,
        containment: Containment = Containment.ISOLATE,
        topics: Sequence[str] = (),
        session_of: str | None = None,
    ) -> Plan:
        """Return the plan for `thing`; `topics` are what it is denied where it is restricted, `{thing}` being its name.

        `session_of` is the id of a certificate of which a session of AWS credentials was seen.

        Raises:
            PlanUnworkable: AWS would not take it or could not put it back, or there is nothing that could be denied.
        """
        if containment is Containment.RESTRICT:
            plan = self._restricting(thing, incident_id, of_thing(topics, thing.name))
        else:
            plan = self._isolating(thing, incident_id)
        if self.sts is None:
            return plan
        denied, not_denied = self.sts.plan(thing, incident_id, containment=containment, session_of=session_of)
        return plan.model_copy(update={"changes": [*plan.changes, *denied], "gaps": [*plan.gaps, *not_denied]})

    def _isolating(self, thing: ThingFacts, incident_id: str) -> Plan:
        """Return the plan that cuts a thing off by everything that is its own."""
        own = [certificate for certificate in thing.certificates if not certificate.is_shared]
        shared = [certificate for certificate in thing.certificates if certificate.is_shared]
        joined = self.groups.plan_join(thing, self.quarantine_group)
        left = self.groups.plan_leave(thing, but=self.quarantine_group)
        is_full = len(thing.groups) - len(left) >= MOST_GROUPS and bool(joined)
        denied, not_closed = self._deny_connecting(thing, shared, deny_policy_name(incident_id))
        changes = [
            *(change for certificate in own for change in self.certificates.plan(certificate)),
            *self._replace_policies(thing, own, incident_id),
            *denied,
            *left,
            *([] if is_full else joined),
        ]
        return Plan(
            changes=sorted([*changes, *self._held(thing, own, changes, incident_id)], key=_turn),
            effects=drops(thing.name, thing.sessions),
            gaps=[
                *(gaps.shared(certificate) for certificate in shared),
                *not_closed,
                *([] if thing.certificates else gaps.without_certificate(thing)),
                *gaps.gaps_of(thing),
                *([self._full_gap()] if is_full else []),
            ],
        )

    def _restricting(self, thing: ThingFacts, incident_id: str, topics: list[str]) -> Plan:
        """Return the plan that denies a thing some topics. It drops no session and puts the thing into no group.

        Not into the quarantine group either: whoever acts on its members takes them for cut off, and this thing works.
        """
        own = [certificate for certificate in thing.certificates if not certificate.is_shared]
        if not topics:
            raise PlanUnworkable("the response policy lists no topics that it could be denied")
        if not own:
            raise PlanUnworkable("it has no certificate of its own on which topics could be denied")
        if full := [certificate.id for certificate in own if _room(certificate) < 1]:
            raise PlanUnworkable(
                f"certificate {full[0]} carries {MOST_POLICIES} policies, the most that AWS IoT allows"
            )
        name, document = deny_policy_name(incident_id), deny_topics_document(topics, self.arns)
        return Plan(
            changes=[
                *self.policies.plan(name, document, hits=[thing.name]),
                *(self.attachments.plan_attach(certificate, name, hits=[thing.name]) for certificate in own),
            ],
            gaps=[
                gaps.still_connected(thing, topics),
                *gaps.not_restricted(one for one in thing.certificates if one.is_shared),
            ],
        )

    def _full_gap(self) -> Gap:
        return Gap(
            resource=f"group/{self.quarantine_group}",
            reason=f"the thing is in {MOST_GROUPS} groups already, the most that AWS IoT allows",
        )

    def _replace_policies(self, thing: ThingFacts, own: list[CertificateFacts], incident_id: str) -> list[Change]:
        if not own:
            return []
        name = quarantine_policy_name(incident_id)
        kept = {certificate.id: self._of_other_incidents(certificate, incident_id) for certificate in own}
        if full := [one for one, names in kept.items() if len(names) >= MOST_POLICIES]:
            raise PlanUnworkable(f"certificate {full[0]} carries {MOST_POLICIES} policies of other incidents")

        def document(client_ids: list[str]) -> dict[str, Any]:
            return quarantine_document(thing.name, client_ids, self.arns)

        made = self.policies.plan(name, document(fitting(own_client_ids(thing), document)), hits=[thing.name])
        return [
            *made,
            *(
                change
                for certificate in own
                for change in self.attachments.plan(certificate, replacement=name, but=kept[certificate.id])
            ),
        ]

    def _of_other_incidents(self, certificate: CertificateFacts, incident_id: str) -> list[str]:
        """Return the policies that go when another incident is undone: by their names, and because one holds them.

        The name alone would let a policy stay that somebody has only called so.
        """
        named = [policy.name for policy in certificate.policies if is_ours(policy.name)]
        held = self.holds
        return [name for name in named if held is None or held.of_others(f"policy/{name}", incident_id)]

    def _deny_connecting(
        self, thing: ThingFacts, shared: list[CertificateFacts], name: str
    ) -> tuple[list[Change], list[Gap]]:
        """Return the changes that keep this thing's own client ids from connecting with a certificate of several."""
        client_ids = deniable_client_ids(thing)
        if not client_ids:
            return [], [gaps.nothing_to_deny(certificate) for certificate in shared]
        open_, full = [one for one in shared if _room(one)], [one for one in shared if not _room(one)]
        denied = fitting(client_ids, lambda some: deny_connect_document(some, self.arns))
        rest = client_ids[len(denied) :]
        not_closed = [gaps.no_room(certificate) for certificate in full]
        not_closed += [gaps.not_denied(certificate, rest) for certificate in open_ if rest]
        if not open_:
            return [], not_closed
        # Only this thing is hit, though the certificate is others' too: the policy names no client id but its own.
        made = self.policies.plan(name, deny_connect_document(denied, self.arns), hits=[thing.name])
        return [*made, *(self.attachments.plan_attach(one, name, hits=[thing.name]) for one in open_)], not_closed

    def _held(
        self, thing: ThingFacts, own: list[CertificateFacts], planned: list[Change], incident_id: str
    ) -> list[Change]:
        """Return what other incidents have changed and this one needs as it is, so that it is held for this one too."""
        roots = [*(f"certificate/{certificate.id}" for certificate in own), f"thing/{thing.name}"]
        held = [hold for root in roots for hold in (self.holds.of_others(root, incident_id) if self.holds else [])]
        mine = {change.resource for change in planned}
        there = _there(thing, own)
        return [
            Change(action=hold.action, resource=hold.resource, before=hold.after, after=hold.after, hits=[thing.name])
            for hold in held
            if hold.resource not in mine and not is_ours(hold.resource.rpartition("/")[2])
            # What is not as it was left was changed by somebody else, and is not needed so for this incident.
            if (hold.resource in there) is bool(hold.after)
        ]


def _room(certificate: CertificateFacts) -> int:
    """Return how many more policies AWS IoT lets the certificate carry."""
    return max(0, MOST_POLICIES - len(certificate.policies))


def _there(thing: ThingFacts, own: list[CertificateFacts]) -> set[str]:
    """Return the attachments and memberships that there are, by the resources of their changes."""
    attached = {f"certificate/{one.id}/policy/{policy.name}" for one in own for policy in one.policies}
    return attached | {f"thing/{thing.name}/group/{group.name}" for group in thing.groups}


_TURNS = (CertificateStatus.name, IotPolicy.name, PolicyAttachment.name, GroupMembership.name)


def _turn(change: Change) -> tuple[int, bool]:
    """Return when a change has its turn: own policies go before others come, and groups are left before one is joined.

    Backwards, the same order undoes: what the thing may do is put back before its certificates work again.
    """
    return _TURNS.index(change.action), change.after is True
