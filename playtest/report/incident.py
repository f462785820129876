"""One incident of the result, for people."""

from __future__ import annotations

from collections.abc import Iterator

from cordon.model.alarm import Certainty
from cordon.model.incident import Containment, IncidentStatus, LegOutcome
from rich.console import RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from playtest.exit_status import ANSWERED, AWAITING_A_PERSON, OF_STATUS
from playtest.report.request import request_lines
from playtest.report.wording import count, duration, plain, short, side
from playtest.result import ChangeResult, IncidentResult, TicketResult

_NAMED = frozenset({Certainty.STATED})
_PROVEN = frozenset({LegOutcome.REFUSED, LegOutcome.ABSENT})
_STYLES = {ANSWERED: "bold green", AWAITING_A_PERSON: "bold yellow"}
_COMMAND = "cordon "
_COMMANDS = ("cordon-undo", "cordon-by-hand")


def status_style(status: IncidentStatus) -> str:
    """Return how a status is coloured: as its exit status says."""
    return _STYLES.get(OF_STATUS[status], "bold red")


def incident_part(incident: IncidentResult) -> Iterator[RenderableType]:
    """Yield the incident's parts from top to bottom."""
    yield Text.assemble(
        ("Incident ", "bold"),
        f"{incident.id}  ",
        (incident.status.upper(), status_style(incident.status)),
        f"  {plain(incident.thing, 128)}",
        (f"  {incident.playbook}, {_how(incident)}", "dim"),
    )
    yield _facts(incident)
    if incident.ticket:
        yield from _ticket(incident.ticket)


def _how(incident: IncidentResult) -> str:
    """Return how far Cordon may go, and what it does to the thing where that is not to cut it off."""
    said = incident.mode or "not assessed"
    return f"{said}, {incident.containment}" if incident.containment == Containment.RESTRICT else said


def _facts(incident: IncidentResult) -> Table:
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    seen = f"severity {incident.severity}, {count(incident.sightings, 'sighting')}"
    facts.add_row("  alarm", f"{plain(incident.summary)}  ({seen})")
    facts.add_row("  contained", f"after {duration(incident.seconds_to_containment)}" if _acted(incident) else "no")
    if incident.seconds_to_proof is not None:
        facts.add_row("  proven", f"after {duration(incident.seconds_to_proof)}, most of it waited virtually")
    for name, lines in _lists(incident).items():
        for position, line in enumerate(lines):
            facts.add_row(f"  {name}" if position == 0 else "", line)
    return facts


def _acted(incident: IncidentResult) -> bool:
    return incident.seconds_to_containment is not None


def _lists(incident: IncidentResult) -> dict[str, list[Text]]:
    return {
        "thing": _thing(incident),
        "reasons": [Text(plain(reason)) for reason in incident.reasons],
        "approval": list(request_lines(incident)),
        "open": [Text(f"{short(gap.resource)}: {short(gap.reason)}") for gap in incident.gaps if not incident.legs],
        "legs": [
            Text.assemble(
                (f"{leg.outcome:<9} ", "green" if leg.outcome in _PROVEN else "red"),
                f"{short(leg.resource)}: {short(leg.reason)}",
            )
            for leg in incident.legs
        ],
        "changes": [_change(change, incident.id) for change in incident.changes],
        "effects": _effects(incident),
        "evidence": [
            Text.assemble(
                (f"{piece.sha256[:8]}…  ", "dim"),
                piece.key,
                "" if piece.intact else ("  NOT AS RECORDED", "bold red"),
            )
            for piece in incident.evidence
        ],
    }


def _thing(incident: IncidentResult) -> list[Text]:
    """Return how the alarm was tied to its thing where it does not name it, and the outbreak that it is part of."""
    found = incident.attribution
    is_news = found and found.certainty not in _NAMED and not any(found.how in reason for reason in incident.reasons)
    how = [Text(f"{found.certainty}: {plain(found.how, 1000)}")] if found and is_news else []
    return [*how, *([Text(f"part of the outbreak {incident.outbreak}")] if incident.outbreak else [])]


def _change(change: ChangeResult, incident_id: str) -> Text:
    """Return one line; in the names that the incident's own id makes long, the id is left to the heading."""
    mark, style = ("✓", "green") if change.verified else ("✗", "red") if change.applied else ("○", "dim")
    before, after = side(change.before, change.action), side(change.after, change.action)
    undo = "" if change.reversible else ", cannot be undone"
    said = f"{short(change.resource.replace(incident_id, 'inc-…'))}: {before} → {after}"
    return Text.assemble((f"{mark} ", style), said, (f"  {change.status}{undo}", "dim"))


def _effects(incident: IncidentResult) -> list[Text]:
    """Return each effect once, with what came of it and how often."""
    said = [f"{short(effect.resource)}: {effect.outcome or 'planned'}" for effect in incident.effects]
    return [Text(f"{line}, {said.count(line)} times" if said.count(line) > 1 else line) for line in dict.fromkeys(said)]


def _ticket(ticket: TicketResult) -> Iterator[RenderableType]:
    if ticket.id is None:
        yield Text(f"  Ticket: {ticket.system} did not take it yet; the sweep tries again.", "yellow")
        return
    lines = [_line(line) for line in (ticket.description or "").splitlines()]
    commands = [line for name in _COMMANDS for line in _datum(ticket, name)]
    body = "\n".join([*lines, *commands])
    title = Text(f"{ticket.system} {ticket.id}  {plain(ticket.title or '')}")
    yield Panel(Text(body), title=title, title_align="left", border_style="dim", padding=(0, 1))


def _line(line: str) -> str:
    """Return one line of a ticket's text; a command in it stays whole, to be copied."""
    return plain(line, 2048) if _COMMAND in line else short(line, 2048)


def _datum(ticket: TicketResult, name: str) -> list[str]:
    """Return the commands of one datum of the ticket, whole, to be copied: half a command is dangerous."""
    lines = [f"  {plain(line, 4096)}" for line in ticket.data.get(name, "").splitlines()]
    return ["", f"{name}:", *lines] if lines else []
