"""Requests for approval: asked, decided, run out and used, each by one conditional write, so that one of them wins."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from typing import Any

from cordon import clock
from cordon.errors import (
    AlreadyDecided,
    Expired,
    IllegalTransition,
    NotPending,
    PolicyUnreadable,
    RecordBusy,
    SameIdentity,
    WrongPlan,
)
from cordon.incidents import rows
from cordon.incidents.record import Incidents, parsed, stamp, timeline_row
from cordon.incidents.table import ConditionFailed, Row, Write, check, key, put, update
from cordon.model.alarm import AlarmKind
from cordon.model.approval import ApprovalRequest, GivenDecision, RequestStatus, Verdict
from cordon.model.incident import Incident, IncidentStatus
from cordon.model.person import is_same_person

_RESUME_AGAIN_AFTER = timedelta(minutes=5)
"""How long a decided request may stay unread before the sweep sends its token again."""
_AFTER_THE_TIME_OUT = timedelta(minutes=10)
"""When the sweep asks after an incident whose request nobody answered: its playbook has long gone on by then."""
_ATTEMPTS = 4
_CLEARED = frozenset({AlarmKind.ALARM_CLEARED, AlarmKind.ALARM_INVALIDATED})
_S = RequestStatus
_DECIDED = frozenset({_S.APPROVED, _S.REJECTED, _S.USED, _S.SUPERSEDED})
_HEAD = 1
"""Place of the incident's own row in the transactions of a request."""
_WAITING: Row = {
    "condition": "#status = :awaiting AND claimed_by = :execution",
    "awaiting": IncidentStatus.AWAITING_APPROVAL,
}
"""What holds of an incident for as long as its request can be decided."""


class Approvals:
    """The requests for approval of all incidents, one an incident."""

    def __init__(self, incidents: Incidents) -> None:
        """Keep them beside `incidents`."""
        self._incidents, self._table = incidents, incidents.table

    def find(self, incident_id: str) -> ApprovalRequest | None:
        """Return the incident's request, if one was ever made."""
        row = self._table.get(rows.of_incident(incident_id), rows.APPROVAL)
        return parsed(ApprovalRequest, row) if row else None

    def cleared_at(self, incident_id: str) -> datetime | None:
        """Return when the alarm was last said to be over, if it was: people are told, and nothing else follows."""
        notes = [row for row in self._incidents.rows_of(incident_id, "TIMELINE#") if row["what"] in _CLEARED]
        return datetime.fromisoformat(notes[-1]["at"]) if notes else None

    def ask(self, incident: Incident, request: ApprovalRequest, instead_of: ApprovalRequest | None) -> Incident:
        """Put the request before people, in place of the incident's last one, and let the incident wait for it.

        Raises:
            IllegalTransition: the incident is not responding any more.
            RecordBusy: somebody else put another request in its place just now.
        """
        seen, free = instead_of.number if instead_of else 0, "#number = :seen AND #status <> :pending"
        written = put(_row(request), condition=f"attribute_not_exists(pk) OR {free}", seen=seen, pending=_S.PENDING)
        until = request.answer_until + _AFTER_THE_TIME_OUT
        return self._incidents.move(
            incident, IncidentStatus.AWAITING_APPROVAL, request.execution, also=[written], due_at=until
        )

    def renew(self, request: ApprovalRequest, task_token: str) -> ApprovalRequest:
        """Let the request be answered by another token: its step was run again. Decided or not, it stays as it is.

        Raises:
            RecordBusy: another request stands in its place by now.
        """
        return self._set(request, "attribute_exists(pk)", task_token=task_token)

    def paged(self, request: ApprovalRequest) -> None:
        """Record that people were paged about the request."""
        self._set(request, "attribute_exists(pk)", paged_at=stamp(clock.now()))

    def decide(
        self, incident_id: str, plan_hash: str, given: GivenDecision, *, policy_read: bool = True
    ) -> ApprovalRequest:
        """Record what a person decided about the plan with that hash, and return the request as it stands then.

        The same word of the same person again changes nothing, and is answered with the request as it is. Where
        `policy_read` is false, the response policy in force could not be read, and so nobody knows whose session names
        count: where two people are needed, it is not approved then.

        Raises:
            NotPending, Expired, WrongPlan, AlreadyDecided, SameIdentity: it may not be; nothing was changed.
            PolicyUnreadable: not while the policy cannot be read; nothing was changed.
            RecordBusy: others decided at the same moment each time.
        """
        for _ in range(_ATTEMPTS):
            request = self.find(incident_id)
            if request is None:
                raise NotPending(f"{incident_id} asks for no approval")
            if request.plan_hash != plan_hash:
                raise WrongPlan(f"{incident_id} asks about another plan, {request.plan_hash}: read it first")
            if request.status in _DECIDED and request.is_said(given.identity, given.verdict):
                return request
            _refuse(request, given, policy_read=policy_read)
            try:
                return self._decide(request, given)
            except ConditionFailed as error:
                if _HEAD in error.failed:
                    raise NotPending(f"{incident_id} waits for no approval any more") from error
                # Somebody else decided, or its time ran out: look again at what is there now.
        raise RecordBusy(f"the request of {incident_id} met other writers {_ATTEMPTS} times")

    def expire(self, request: ApprovalRequest) -> ApprovalRequest:
        """Let the time of a pending request run out. A decision that came first stands: what is there is returned."""
        with contextlib.suppress(ConditionFailed):  # decided just in time
            self._table.write(self._update(request, "#status = :pending", {"status": _S.EXPIRED}, pending=_S.PENDING))
        return self.find(request.incident_id) or request

    def conclude(
        self, incident: Incident, request: ApprovalRequest, to: IncidentStatus | None, *, head: Row, **concluded: Any
    ) -> None:
        """Record once what became of the request, and move its incident with it; None: the incident stays for now.

        `head` are fields of the incident, `concluded` those of the request (JSON values).

        Raises:
            IllegalTransition: the incident does not wait for the request any more.
            RecordBusy: somebody else has concluded it just now.
        """
        condition = "#status = :seen AND attribute_not_exists(answer)"
        done = self._update(request, condition, concluded, remove=["due_kind", "due_at"], seen=request.status)
        if to:
            self._incidents.move(incident, to, request.execution, also=[done], **head)
            return
        fields = {**head, "updated_at": stamp(clock.now())}
        kept = update(
            key(rows.of_incident(incident.id), rows.HEAD), set_=fields, **_WAITING, execution=request.execution
        )
        try:
            self._table.write(done, kept)
        except ConditionFailed as error:
            if _HEAD in error.failed:
                raise IllegalTransition(f"{incident.id} waits for no approval any more") from error
            raise RecordBusy(f"{incident.id} met another writer") from error

    def rest(self, request: ApprovalRequest) -> None:
        """Let the sweep ask after a decided request no longer: its execution is over."""
        self._set(request, "attribute_exists(pk)", remove=["due_kind", "due_at"])

    def postpone(self, request: ApprovalRequest) -> None:
        """Let the sweep ask after a decided request again in a few minutes."""
        self._set(request, "attribute_exists(due_kind)", due_at=stamp(clock.now() + _RESUME_AGAIN_AFTER))

    def _decide(self, request: ApprovalRequest, given: GivenDecision) -> ApprovalRequest:
        after = request.model_copy(update={"decisions": [*request.decisions, given]})
        status = _status_after(after, given)
        changed: Row = {"decisions": [one.model_dump(mode="json") for one in after.decisions], "status": status}
        if status is not _S.PENDING:
            changed |= {"due_kind": rows.APPROVAL_DUE, "due_at": stamp(clock.now() + _RESUME_AGAIN_AFTER)}
        decided = self._update(
            request,
            "#status = :pending AND plan_hash = :plan AND answer_until > :now AND size(decisions) = :count",
            changed,
            pending=_S.PENDING,
            plan=request.plan_hash,
            now=stamp(clock.now()),
            count=len(request.decisions),
        )
        facts = {"number": request.number, "plan_hash": request.plan_hash, **given.model_dump(mode="json")}
        note = timeline_row(request.incident_id, f"{given.verdict} given", given.identity, facts)
        self._table.write(decided, _still_waiting(request), put(note))
        return after.model_copy(update={"status": status})

    def _set(
        self, request: ApprovalRequest, condition: str, *, remove: list[str] | None = None, **fields: Any
    ) -> ApprovalRequest:
        try:
            self._table.write(self._update(request, condition, fields, remove=remove))
        except ConditionFailed as error:
            raise RecordBusy(f"the request of {request.incident_id} is another one by now") from error
        return self.find(request.incident_id) or request

    def _update(
        self, request: ApprovalRequest, condition: str, fields: Row, *, remove: list[str] | None = None, **values: Any
    ) -> Write:
        return update(
            key(rows.of_incident(request.incident_id), rows.APPROVAL),
            set_=fields,
            remove=remove or [],
            condition=f"#number = :number AND ({condition})",
            number=request.number,
            **values,
        )


def _row(request: ApprovalRequest) -> Row:
    moments = {"requested_at": stamp(request.requested_at), "answer_until": stamp(request.answer_until)}
    written = request.model_dump(mode="json", exclude_none=True)
    return {**key(rows.of_incident(request.incident_id), rows.APPROVAL), **written, **moments}


def _refuse(request: ApprovalRequest, given: GivenDecision, *, policy_read: bool) -> None:
    """Raise why this decision cannot be taken, if anything is in its way."""
    if request.status in {_S.APPROVED, _S.REJECTED, _S.USED}:
        raise AlreadyDecided(f"{request.incident_id} was decided already, {request.status}")
    if request.status is _S.EXPIRED or clock.now() >= request.answer_until:
        raise Expired(f"the request of {request.incident_id} ran out at {stamp(request.answer_until)}")
    if request.status is not _S.PENDING:
        raise NotPending(f"the request of {request.incident_id} is {request.status}")
    if given.verdict is Verdict.APPROVE and request.identities_needed > 1:
        _require_another_person(request, given, policy_read=policy_read)


def _require_another_person(request: ApprovalRequest, given: GivenDecision, *, policy_read: bool) -> None:
    needed = f"{request.identities_needed} people must be behind it"
    if not policy_read:
        raise PolicyUnreadable(f"{needed}, and who counts as whom is not known while the response policy is unreadable")
    if request.people < request.identities_needed and any(
        is_same_person(given.identity, one) for one in request.behind
    ):
        raise SameIdentity(f"{needed}, and {given.identity} is, or may be, one of them already")


def _status_after(request: ApprovalRequest, given: GivenDecision) -> RequestStatus:
    if given.verdict is Verdict.REJECT:
        return _S.REJECTED
    return _S.APPROVED if request.people >= request.identities_needed else _S.PENDING


def _still_waiting(request: ApprovalRequest) -> Write:
    """Return the check that the incident still waits for this request's execution: it may have been escalated."""
    return check(
        key(rows.of_incident(request.incident_id), rows.HEAD),
        **_WAITING,
        execution=request.execution,
    )
