"""The whole page: what went in, what became of it, the fleet, the incidents, the cost, and the exit status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cordon.model.incident import IncidentStatus
from rich.console import Console, Group, RenderableType
from rich.text import Text

from playtest.behaviours import BEHAVIOURS
from playtest.exit_status import ANSWERED, exit_status, meaning
from playtest.report.fleet import fleet_part
from playtest.report.incident import incident_part
from playtest.report.request import what_to_type
from playtest.report.wording import count, plain
from playtest.result import AlarmResult, Cost, Fate, PolicyResult, Result
from playtest.run.play import Played
from playtest.run.raw_alarm import Event, Message, posts_in
from playtest.run.scenario import Scenario

_DEAREST = 3
"""Services whose share of the cost is named."""
_WAYS = {Event: "put on the default bus", Message: "published on the alarm topic"}


def show_beginning(console: Console, scenario: Scenario) -> None:
    """Print what is delivered where."""
    how = f"in {scenario.mode} mode" if scenario.mode else "under a response policy of your own"
    title = Text.assemble(("Cordon playtest", "bold"), f"  the real template, playbooks and handlers, {how}")
    console.print(title)
    for alarm in scenario.alarms:
        times = f", {scenario.repeat} times at once" if scenario.repeat > 1 else ""
        way = _WAYS[type(posts_in(alarm.text)[0])]
        console.print(Text.assemble("  ", (plain(alarm.file), "cyan"), f" → {way}{times}"))
    for thing in scenario.things:
        attributes = "".join(f", {name}={value}" for name, value in thing.attributes.items())
        console.print(Text(f"  with the thing {thing.name}{attributes or ', without attributes'}", "dim"))
    for device in scenario.devices:
        console.print(Text(f"  with {device.name} {device.behaviour}: {BEHAVIOURS[device.behaviour]}", "yellow"))
    for fault in scenario.faults:
        console.print(Text(f"  with the fault {fault.fault.name} {fault.where}".rstrip(), "yellow"))


def show_end(console: Console, played: Played) -> None:
    """Print what became of it all; the last line says what the exit status means."""
    result = played.result
    parts: dict[str, Iterator[RenderableType]] = {
        "Alarms": _alarms(result),
        "Fleet": fleet_part(result.fleet_diff, played.before, played.after),
    }
    for heading, part in parts.items():
        console.print()
        console.print(Text(heading, "bold"))
        console.print(Group(*part))
    for incident in result.incidents:
        console.print()
        console.print(Group(*incident_part(incident)))
        for line in what_to_type(incident):
            console.print(line, soft_wrap=True)
    console.print()
    console.print(Group(*_pages(result), *_policy(result.policy), *_cost(result.cost)))
    if any(incident.status is IncidentStatus.OBSERVED for incident in result.incidents):
        console.print(Text("Observed: the plan stands in the ticket, and nothing was changed.", "dim"))
    status = exit_status(result)
    console.print(
        Text(f"Exit {status}: {plain(meaning(result), 1000)}.", "bold green" if status == ANSWERED else "bold red")
    )


def _alarms(result: Result) -> Iterator[RenderableType]:
    """Yield one line for each fate, with how often and why."""
    for (said, style), times in Counter(_fate(alarm) for alarm in result.alarms).items():
        yield Text(f"  {times} {said}", style)
    for letter in result.dead_letters:
        yield Text(f"  dead letter in {letter.queue}: {plain(letter.reason)}", "red")


def _fate(alarm: AlarmResult) -> tuple[str, str]:
    who = " ".join(plain(word, 80) for word in (alarm.source, alarm.kind) if word)
    if alarm.accepted:
        return f"accepted and {alarm.became}: {who}", "green"
    style = "yellow" if alarm.became in {Fate.IGNORED, Fate.UNROUTED} else "red"
    return f"{alarm.became}: {plain(alarm.reason or '', 400)}", style


def _pages(result: Result) -> Iterator[RenderableType]:
    for page in result.pages:
        yield Text.assemble(("Page  ", "bold yellow"), plain(page.subject), (f"  {plain(page.message)}", "dim"))


def _policy(policy: PolicyResult) -> Iterator[RenderableType]:
    """Yield which response policy is in force, or why none is."""
    said = f"{policy.hash[:8]}… is in force" if policy.hash else f"none: {plain(policy.trouble or '')}"
    yield Text.assemble(("Policy  ", "bold"), said)


def _cost(cost: Cost) -> Iterator[RenderableType]:
    by_service: dict[str, float] = {}
    for item in cost.services:
        by_service[item.service] = by_service.get(item.service, 0.0) + item.dollars
    dearest = sorted(by_service.items(), key=lambda entry: -entry[1])
    counted = {(item.service, item.unit): round(item.count) for item in cost.services}
    transitions = counted.get(("Step Functions", "state transitions"), 0)
    used = f"{count(transitions, 'transition')}, {count(counted.get(('Lambda', 'requests'), 0), 'invocation')}"
    shares = [f"{name} ${dollars:.6f}" for name, dollars in dearest[:_DEAREST]]
    others = ["others less"] if len(dearest) > _DEAREST else []
    yield Text.assemble(
        ("Cost  ", "bold"), f"${cost.dollars:.6f}", (f"  {', '.join([*shares, *others]) or 'nothing was used'}", "dim")
    )
    yield Text(f"      An estimate at us-east-1 list prices ({used}), OpsItems left out.", "dim")
