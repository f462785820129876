"""The fleet before and after: what changed, and who was left alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from playtest.fleet import Snapshot
from playtest.report.wording import count, short, side
from playtest.result import FleetChange

_THING, _CERTIFICATE, _SESSION, _GROUP = "thing/", "certificate/", "session/", "group/"
_DENIED = "sts-deny/policy"


def fleet_part(changes: Sequence[FleetChange], before: Snapshot, after: Snapshot) -> Iterator[RenderableType]:
    """Yield what changed, and the line about those whom it did not touch."""
    if changes:
        yield from _differences(changes, _owners(before))
    touched = things_touched(changes, before, after)
    left_alone = len(_things(before)) - len(touched & _things(before))
    yield Text(
        f"  Bystanders untouched: {count(left_alone, 'thing')}."
        if changes
        else f"  Nothing changed: {count(left_alone, 'thing')} untouched.",
        "green",
    )


def things_touched(changes: Sequence[FleetChange], before: Snapshot, after: Snapshot) -> set[str]:
    """Return the things of which anything changed: themselves, their certificates, sessions or groups' membership."""
    owners = {**_owners(after), **_owners(before)}
    return {thing for change in changes for thing in _touched_by(change, owners)}


def _touched_by(change: FleetChange, owners: Mapping[str, set[str]]) -> set[str]:
    if change.resource.startswith(_THING):
        return {change.resource.removeprefix(_THING)}
    if change.resource.startswith(_GROUP) and change.field == "members":
        return set(change.before or ()) ^ set(change.after or ())
    if change.resource == _DENIED:
        ids = set(change.before or ()) ^ set(change.after or ())
        return {thing for one in ids for thing in owners.get(f"{_CERTIFICATE}{one}", ())}
    if change.resource.startswith(_GROUP):
        return set(owners.get(change.resource, ()))
    return owners.get(change.resource, set())


def _owners(fleet: Snapshot) -> dict[str, set[str]]:
    """Return the things behind each certificate, session and group."""
    owners: dict[str, set[str]] = {}
    for resource, fields in fleet.registry.items():
        if resource.startswith(_THING):
            for principal in fields["principals"]:
                owners.setdefault(f"{_CERTIFICATE}{principal}", set()).add(resource.removeprefix(_THING))
        if resource.startswith(_GROUP):
            owners[resource] = set(fields["members"])
    for resource, fields in fleet.sessions.items():
        behind = {fields["thing"]} if fields["thing"] else owners.get(f"{_CERTIFICATE}{fields['principal']}", set())
        owners[resource] = set(behind)
    return owners


def _things(fleet: Snapshot) -> set[str]:
    return {resource.removeprefix(_THING) for resource in fleet.registry if resource.startswith(_THING)}


def _differences(changes: Sequence[FleetChange], owners: Mapping[str, set[str]]) -> Iterator[RenderableType]:
    """Yield each resource that changed, and under it a row for each of its fields."""
    for resource, fields in groupby(changes, key=lambda change: change.resource):
        mine = owners.get(resource, set()) if resource.startswith(_CERTIFICATE) else set()
        yield Text(" of ".join([f"  {short(resource)}", *sorted(mine)]))
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(style="dim", min_width=15)
        table.add_column(min_width=14, overflow="fold")
        table.add_column()
        table.add_column(overflow="fold")
        for change in fields:
            before, after = _sides(change)
            table.add_row(f"    {short(change.field)}", before, "→", after)
        yield table


def _sides(change: FleetChange) -> tuple[Text, Text]:
    """Return before and after; of two lists only what they do not share, so that a long group stays short."""
    before, after = change.before, change.after
    if isinstance(before, list) and isinstance(after, list):
        gone = [item for item in before if item not in after]
        come = [item for item in after if item not in before]
        return _side(gone, before, "red"), _side(come, after, "green")
    return Text(side(before), "red"), Text(side(after), "green")


def _side(own: list[Any], everything: list[Any], style: str) -> Text:
    """Return what one list has alone; where it has more than that, an ellipsis stands for what is shared."""
    return Text(
        ", ".join([*(side(item) for item in own), *(["…"] if len(everything) > len(own) else [])]) or "none", style
    )
