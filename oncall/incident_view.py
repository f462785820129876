"""An incident as the desk shows it, for eyes: where it stands, its request, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator

from cordon.model.approval import RequestStatus
from cordon.model.incident import IncidentStatus

from oncall.desk_answers import Approval, Decided, IncidentSeen
from oncall.plan_view import plan_lines
from playtest.report.wording import count, plain

GOING_ON = frozenset({IncidentStatus.OPENED, IncidentStatus.RESPONDING, IncidentStatus.RESTORING})
"""Statuses in which something is being done; in any other one an incident rests, or waits for a person."""
_LONG = 1000
"""Characters of a reason or a summary."""


def where_it_stands(seen: IncidentSeen) -> Iterator[str]:
    """Yield the incident in one line, and why it stands where it does."""
    about = plain(seen.thing_name) if seen.thing_name else "no known thing"
    yield f"{seen.id}  {seen.status.upper()}  {about}  {plain(seen.playbook)}, severity {plain(seen.severity)}"
    yield from (f"  {plain(reason, _LONG)}" for reason in seen.reasons)


def request_lines(seen: IncidentSeen) -> Iterator[str]:
    """Yield what is before people: the incident, its plan, until when, and who has decided already."""
    yield from where_it_stands(seen)
    yield f"  alarm: {plain(seen.summary, _LONG)}"
    if seen.plan:
        yield from plan_lines(seen.plan)
    if seen.approval:
        yield from _approval_lines(seen.approval)


def _approval_lines(approval: Approval) -> Iterator[str]:
    asked, until = (f"{moment:%Y-%m-%d %H:%M:%S} UTC" for moment in (approval.requested_at, approval.expires_at))
    yield f"  asked at {asked}; answers count until {until}"
    if approval.cleared_at:
        yield f"  the alarm was over at {approval.cleared_at:%Y-%m-%d %H:%M:%S} UTC, which lifts nothing by itself"
    if approval.identities_needed > 1:
        yield f"  {count(approval.identities_needed, 'different person', 'different people')} must be behind it"
    if approval.requested_by:
        yield f"  asked for by {plain(approval.requested_by)}, who is one of them"
    for one in approval.decisions:
        why = f": {plain(one.reason)}" if one.reason else ""
        yield f"  {plain(one.decision)} by {plain(one.identity)} at {one.at:%H:%M:%S} UTC{why}"


def decided_lines(incident_id: str, decided: Decided) -> Iterator[str]:
    """Yield what became of a decision, and what it still takes."""
    yield f"{incident_id}: {decided.status}, by {plain(decided.identity)}"
    behind = ", ".join(plain(one) for one in decided.approved_by) or "nobody"
    missing = decided.identities_needed - len(decided.approved_by)
    if decided.status is RequestStatus.PENDING:
        yield f"  behind it: {behind}; {count(missing, 'other person', 'other people')} must approve it too"
    elif decided.status is RequestStatus.APPROVED:
        yield "  the playbook looks once more, and carries this plan out or asks again"
    elif decided.status is RequestStatus.REJECTED:
        yield "  nothing is changed; the incident stands down"


def what_next(seen: IncidentSeen) -> Iterator[str]:
    """Yield what whoever stops watching types or looks at later."""
    if seen.asks and seen.approval:
        yield "It waits. To approve it, as somebody else where two are needed:"
        yield f"cordon approve {seen.id} --plan {plain(seen.approval.plan_hash)}"
    if seen.status in GOING_ON:
        yield f"It goes on by itself. Should its plan wait for approval: cordon approve {seen.id}"
    if seen.ticket:
        yield f"Ticket: {plain(seen.ticket)}"
