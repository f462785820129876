"""The exit status of a playtest, as DESIGN.md's table of statuses has it."""

from __future__ import annotations

from collections.abc import Mapping

from cordon.model.incident import IncidentStatus

from playtest.result import Fate, Result

ANSWERED = 0
UNANSWERED = 1
AWAITING_A_PERSON = 3

_S = IncidentStatus
OF_STATUS: Mapping[IncidentStatus, int] = {
    _S.OPENED: UNANSWERED,
    _S.RESPONDING: UNANSWERED,
    _S.AWAITING_APPROVAL: AWAITING_A_PERSON,
    _S.OBSERVED: ANSWERED,
    _S.CONTAINED: ANSWERED,
    _S.PARTIAL: UNANSWERED,
    _S.ESCALATED: UNANSWERED,
    _S.STOOD_DOWN: ANSWERED,
    _S.RESTORING: ANSWERED,
    _S.RESTORED: ANSWERED,
    _S.CLOSED: ANSWERED,
}


def exit_status(result: Result) -> int:
    """Return 1 if anything is left to a person or was lost, else 3 if anything waits for approval, else 0."""
    found = {OF_STATUS[incident.status] for incident in result.incidents}
    if _troubles(result):
        return UNANSWERED
    return next((status for status in (UNANSWERED, AWAITING_A_PERSON) if status in found), ANSWERED)


def meaning(result: Result) -> str:
    """Return, in one sentence, why the exit status is what it is."""
    status = exit_status(result)
    if status == AWAITING_A_PERSON:
        return "a plan waits for approval by a person"
    if status == ANSWERED:
        return _answered(result)
    left = [
        f"incident {incident.id} is {incident.status}"
        for incident in result.incidents
        if OF_STATUS[incident.status] == UNANSWERED
    ]
    return f"a person must look: {'; '.join([*left, *_troubles(result)])}"


def _answered(result: Result) -> str:
    if not result.incidents:
        return "nothing called for an answer, and nothing was lost"
    statuses = ", ".join(dict.fromkeys(incident.status for incident in result.incidents))
    return f"every alarm was answered: {statuses}"


def _troubles(result: Result) -> list[str]:
    counted = {
        "rejected": len(result.rejected),
        "in a dead-letter queue": len(result.dead_letters),
        "lost": sum(alarm.became is Fate.LOST for alarm in result.alarms),
        "pieces of evidence not as recorded": sum(
            not piece.intact for incident in result.incidents for piece in incident.evidence
        ),
    }
    return [f"{count} {what}" for what, count in counted.items() if count]
