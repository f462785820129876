"""A request for approval, for people: what they were asked, who decided what, and what to type where nobody has."""

from __future__ import annotations

from collections.abc import Iterator

from cordon.model.approval import RequestStatus, Verdict
from cordon.model.incident import IncidentStatus
from rich.text import Text

from playtest.report.wording import plain
from playtest.result import ApprovalResult, DecisionResult, IncidentResult

_SAID = {Verdict.APPROVE: ("approved", "green"), Verdict.REJECT: ("rejected", "yellow")}


def request_lines(incident: IncidentResult) -> Iterator[Text]:
    """Yield what became of the incident's request; nothing where nobody was asked."""
    approval = incident.approval
    if approval is None:
        return
    people = "two people" if approval.identities_needed > 1 else "a person"
    until = f"{approval.expires_at:%H:%M:%S} UTC, for the plan {approval.plan_hash[:8]}…"
    yield Text(f"{approval.status}: asked {people}, until {until}", _style(approval))
    if approval.requested_by:
        yield Text(f"asked for by {plain(approval.requested_by)}, who counts as one of them", "dim")
    if approval.cleared_at:
        yield Text(f"the alarm was over at {approval.cleared_at:%H:%M:%S} UTC, which lifts nothing by itself", "dim")
    yield from (_decision(one) for one in approval.decisions)
    yield from (Text(plain(reason), "dim") for reason in approval.reasons if reason not in incident.reasons)


def what_to_type(incident: IncidentResult) -> Iterator[Text]:
    """Yield how a plan that waits is approved. To be printed without wrapping: the command is there to be copied."""
    if incident.approval and incident.status is IncidentStatus.AWAITING_APPROVAL:
        yield Text(
            "It waits. On AWS a person types the next line; here, add --approve, --reject or --silent.", "yellow"
        )
        yield Text(f"cordon approve {incident.id} --plan {incident.approval.plan_hash}", "bold")


def _decision(one: DecisionResult) -> Text:
    why = f": {plain(one.reason)}" if one.reason else ""
    said, style = _SAID[one.verdict]
    return Text(f"{said} by {plain(one.identity)} at {one.at:%H:%M:%S} UTC{why}", style)


def _style(approval: ApprovalResult) -> str:
    return {RequestStatus.USED: "green", RequestStatus.PENDING: "bold yellow"}.get(approval.status, "yellow")
