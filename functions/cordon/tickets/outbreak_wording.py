"""What the ticket of an outbreak says: what its incidents share, how many they are, and what is a person's to do."""

from __future__ import annotations

from collections.abc import Sequence

from cordon.model.incident import UNKNOWN_THING, Incident
from cordon.model.outbreak import Member
from cordon.model.text import escaped, shortened
from cordon.tickets.wording import LONGEST_DATUM, LONGEST_DESCRIPTION, TICKET_SEVERITY, TicketContent

_FIRST = 20
"""Incidents that the description names; more would not be read at night."""
_WHAT_CORDON_DOES = (
    "What Cordon does: while the budget of the response policy lasts, it goes on containing by itself. Every "
    "other incident of it ends escalated, without a page and without a ticket of its own: this one is for all of them."
)
_WHAT_TO_DO = (
    "What to do: find out what they share and whether it is one intruder, one faulty release or a false alarm. Have a "
    "thing contained all the same: cordon respond contain_thing --thing NAME puts its plan before you, or wait for the "
    "budget."
)


def outbreak_ticket(
    incident: Incident, status: str, attached: Sequence[Member], evidence: Sequence[str]
) -> TicketContent:
    """Return the ticket of an outbreak as its record stands now."""
    count = f"{len(attached)} incidents"
    parts = [
        f"An outbreak of {count}. Incident {incident.id}, playbook {incident.playbook}, {escaped(status)}.",
        f"What happened: {incident.summary} Severity: {incident.severity}.",
        _WHAT_CORDON_DOES,
        _WHAT_TO_DO,
        "\n".join([f"The first {min(_FIRST, len(attached))} of {count}:", *map(_line, attached[:_FIRST])]),
    ]
    return TicketContent(
        title=shortened(f"Cordon: an outbreak of {count} needs a person", 1024),
        description=shortened("\n\n".join(parts), LONGEST_DESCRIPTION),
        severity=TICKET_SEVERITY[incident.severity],
        data={
            "cordon-incident": incident.id,
            "cordon-status": status,
            "cordon-attached": _that_fit([_line(member) for member in attached]),
            **({"cordon-evidence": _that_fit(evidence)} if evidence else {}),
        },
    )


def _line(member: Member) -> str:
    return f"- {escaped(member.thing or UNKNOWN_THING)}: {member.incident_id}"


def _that_fit(lines: Sequence[str]) -> str:
    """Return the lines that the ticket system holds, and how many more there are in the record."""
    kept, left = list(lines), 0
    while kept and len("\n".join(kept).encode()) > LONGEST_DATUM - 60:  # room to say how many are left out
        cut = max(1, len(kept) // 10)
        del kept[-cut:]
        left += cut
    return "\n".join([*kept, *([f"and {left} more, which stand in the record"] if left else [])])
