"""What a ticket says: what happened, what was done, how to undo it. Plain enough for three o'clock in the morning."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from cordon.model.approval import ApprovalRequest
from cordon.model.change import ChangeStatus, EffectRecord, LedgerEntry
from cordon.model.incident import Decision, Incident, IncidentStatus
from cordon.model.text import escaped, shortened

LONGEST_DESCRIPTION = 2048
"""Characters of an OpsItem's description."""
LONGEST_DATUM = 20_000
"""Characters of one value of an OpsItem's operational data (20 KB)."""
_HEADLINE = {
    IncidentStatus.OBSERVED: "observed, nothing was changed",
    IncidentStatus.CONTAINED: "contained",
    IncidentStatus.PARTIAL: "only partly contained, please look",
    IncidentStatus.ESCALATED: "needs a decision by a person",
    IncidentStatus.AWAITING_APPROVAL: "waits for approval",
    IncidentStatus.STOOD_DOWN: "stood down, nothing is left changed",
}
TICKET_SEVERITY = {"critical": 1, "high": 2, "medium": 3, "low": 4}
"""OpsCenter's severities, 1 for the worst."""
_MADE = frozenset({ChangeStatus.APPLIED, ChangeStatus.VERIFIED, ChangeStatus.ATTEMPTED})


@dataclass(frozen=True)
class TicketContent:
    """A ticket as any ticket system can take it. `data` are longer texts by name; `severity` is 1 (worst) to 4."""

    title: str
    description: str
    severity: int
    data: dict[str, str]


@dataclass(frozen=True)
class TicketFacts:
    """All of an incident's record that its ticket is made of.

    `undo` are the commands that put back what was changed, in the order to run them; `by_hand` are those that would
    carry out a plan of which nothing was done.
    """

    incident: Incident
    outcome: IncidentStatus
    entries: Sequence[LedgerEntry]
    effects: Sequence[EffectRecord]
    undo: Sequence[str]
    by_hand: Sequence[str]
    evidence: Sequence[str]
    request: ApprovalRequest | None = None


def ticket_content(facts: TicketFacts) -> TicketContent:
    """Return the ticket of an incident as its record stands now."""
    incident = facts.incident
    headline = _HEADLINE.get(facts.outcome, str(facts.outcome))
    # The undo and the reasons come before the list of changes: when the text is cut, the list stands in the data too.
    parts = [
        f"Thing {incident.subject}: {headline}. Incident {incident.id}, playbook {incident.playbook}.",
        f"What happened: {incident.summary} Sightings: {incident.sightings}. Severity: {incident.severity}.",
        _how_to_answer(facts),
        *_reasons(incident),
        *_gaps(incident),
        _how_to_undo(facts),
        _what_was_done(facts),
    ]
    return TicketContent(
        title=shortened(f"Cordon: {incident.subject}: {headline}", 1024),
        description=shortened("\n\n".join(part for part in parts if part), LONGEST_DESCRIPTION),
        severity=TICKET_SEVERITY[incident.severity],
        data=_data(facts),
    )


def _reasons(incident: Incident) -> list[str]:
    return ["Why a person decides: " + "; ".join(map(escaped, incident.reasons)) + "."] if incident.reasons else []


def _gaps(incident: Incident) -> list[str]:
    legs = [leg for leg in incident.legs if not leg.proven]
    unproven = [f"{escaped(leg.resource)}: {leg.outcome}, {escaped(leg.reason)}" for leg in legs]
    planned = [f"{escaped(gap.resource)}: {escaped(gap.reason)}" for gap in incident.plan_gaps]
    return ["Not contained or not proven: " + "; ".join(unproven or planned) + "."] if unproven or planned else []


def _what_was_done(facts: TicketFacts) -> str:
    made = [_line(entry) for entry in facts.entries if entry.status in _MADE]
    if not made:
        return _what_would_be_done(facts)
    dropped = [f"- {escaped(record.effect.resource)}: {record.outcome}" for record in facts.effects]
    return "\n".join(["What was done:", *made, *dict.fromkeys(dropped)])


def _what_would_be_done(facts: TicketFacts) -> str:
    if not facts.entries:
        return "Nothing was changed, and there is no plan."
    would = "would do" if facts.incident.decision is Decision.OBSERVE else "proposes"
    by_hand = f"By hand: the {len(facts.by_hand)} commands of cordon-by-hand in the operational data."
    return "\n".join([f"Nothing was changed. The plan that Cordon {would}:", *map(_line, facts.entries), by_hand])


def _line(entry: LedgerEntry) -> str:
    change = entry.change
    return f"- {escaped(change.resource)}: {_shown(change.before)} to {_shown(change.after)} ({entry.status})"


def _shown(value: object) -> str:
    """Show one side of a change in a few words; a whole document stands in the plan."""
    if value is None:
        return "nothing"
    return "a document" if isinstance(value, dict) else escaped(value if isinstance(value, str) else json.dumps(value))


def _how_to_undo(facts: TicketFacts) -> str:
    if not facts.undo:
        return ""
    return f"How to undo it: run the {len(facts.undo)} commands of cordon-undo in the operational data, in their order."


def to_approve(request: ApprovalRequest) -> str:
    """Return the command that approves what the request is about, and nothing else."""
    return f"cordon approve {request.incident_id} --plan {request.plan_hash}"


def to_reject(request: ApprovalRequest) -> str:
    """Return the command that rejects it."""
    return f"cordon reject {request.incident_id} --plan {request.plan_hash}"


def _how_to_answer(facts: TicketFacts) -> str:
    """Return what to type, while there is something to answer."""
    if facts.request is None or facts.outcome is not IncidentStatus.AWAITING_APPROVAL:
        return ""
    until = f"Answer it before {facts.request.answer_until:%Y-%m-%d %H:%M:%S} UTC:"
    people = facts.request.identities_needed
    several = [f"{people} different people must be behind it."] if people > 1 else []
    return "\n".join([until, f"- {to_approve(facts.request)}", f"- {to_reject(facts.request)}", *several])


def _data(facts: TicketFacts) -> dict[str, str]:
    plan = [entry.model_dump(mode="json") for entry in facts.entries]
    texts = {
        "cordon-incident": facts.incident.id,
        "cordon-thing": facts.incident.subject,
        "cordon-status": str(facts.outcome),
        "cordon-plan": json.dumps(plan),
        "cordon-undo": "\n".join(facts.undo),
        "cordon-by-hand": "\n".join(facts.by_hand),
        "cordon-approve": to_approve(facts.request) if _how_to_answer(facts) and facts.request else "",
        "cordon-evidence": "\n".join(facts.evidence),
    }
    return {name: _fitting(text) for name, text in texts.items() if text}


def _fitting(text: str) -> str:
    """Return the text, or say where it is when it is too long for the ticket system: half a command is dangerous."""
    return text if len(text.encode()) <= LONGEST_DATUM else "too long for the ticket; it stands in the record"
