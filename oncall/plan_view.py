"""A plan for the eyes of whoever decides on it: exact, in order, and with nothing in it but printable text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from oncall.desk_answers import Outlook, ShownChange, ShownPlan
from playtest.report.wording import count, plain, side

_WHOLE = 6144
"""Characters of one side of a change: what is approved is shown whole, and no IoT policy is longer (2,048 bytes)."""


def plan_lines(plan: ShownPlan) -> Iterator[str]:
    """Yield what the plan would do, whom it would hit, what cannot be undone, and what it leaves open."""
    yield from _part("changes, in this order", [line for one in plan.changes for line in _change(one)], "none")
    yield from _part(
        "sessions and other acts", [f"{plain(one.action)} {plain(one.resource)}" for one in plan.effects], "none"
    )
    yield from _part(f"hits {count(len(plan.things_hit), 'thing')}", [plain(name) for name in plan.things_hit])
    yield from _part("cannot be undone", _final(plan), "nothing")
    yield from _part("stays open", [f"{plain(gap.resource)}: {plain(gap.reason)}" for gap in plan.gaps], "nothing")
    yield f"  plan {plain(plan.hash)}"


def outlook_lines(outlook: Outlook) -> Iterator[str]:
    """Yield a dry run: the plan, and what Cordon would make of it now."""
    about = plain(outlook.thing_name) if outlook.thing_name else "no known thing"
    how = f", {plain(outlook.containment)}" if outlook.containment else ""
    yield f"{plain(outlook.playbook)} for {about}{how}: a dry run, nothing is changed."
    yield from plan_lines(outlook.plan)
    yield from _part("cannot be carried out", [plain(reason) for reason in outlook.blockers])
    yield from _part("a person must approve", [plain(reason) for reason in outlook.questions])
    yield f"  {_verdict(outlook)}"


def _verdict(outlook: Outlook) -> str:
    """Return what would come of it, and how many people it takes."""
    people = "two people" if outlook.identities_needed > 1 else "a person"
    said = {
        "automatic": "an alarm now would be answered without asking anybody",
        "approve": f"it would be carried out once {people} approved this plan",
        "observe": "an alarm now would only be written down, with this plan",
        "escalate": "it would end in front of a person, with nothing changed",
    }
    return f"{said.get(outlook.decision, plain(outlook.decision))} (mode {plain(outlook.mode)})"


def _part(heading: str, lines: Sequence[str], nothing: str = "") -> Iterator[str]:
    """Yield a heading with its lines; where there are none, `nothing` beside it, or no heading at all."""
    if lines:
        yield f"  {heading}:"
        yield from (f"    {line}" for line in lines)
    elif nothing:
        yield f"  {heading}: {nothing}"


def _change(change: ShownChange) -> Iterator[str]:
    """Yield the change in one line, and under it the statements of a policy that it makes."""
    statements = _statements(change.after)
    before = _exact(change.before, change.action)
    after = f"a policy of {count(len(statements), 'statement')}" if statements else _exact(change.after, change.action)
    hits = f"  [hits {', '.join(plain(name) for name in change.hits)}]" if change.hits else ""
    yield f"{plain(change.action)} {plain(change.resource)}: {before} → {after}{hits}"
    yield from (f"  {line}" for line in statements)


def _exact(value: Any, action: str) -> str:
    """Return one side of a change, whole."""
    if value is None or isinstance(value, bool):
        return side(value, action)
    return plain(value if isinstance(value, str) else json.dumps(value, sort_keys=True), _WHOLE)


def _statements(value: Any) -> list[str]:
    """Return a policy's statements, a line each and whole; nothing where it says more than statements, or is none."""
    try:
        document = json.loads(value) if isinstance(value, str) else value
        if set(document) - {"Version", "Statement"}:
            return []
        return [_statement(dict(one)) for one in document["Statement"]]
    except (ValueError, TypeError, KeyError):
        return []


def _statement(statement: dict[str, Any]) -> str:
    effect, acts, on = (_listed(statement.pop(part)) for part in ("Effect", "Action", "Resource"))
    more = f", and {json.dumps(statement, sort_keys=True)}" if statement else ""
    return plain(f"{effect} {acts} on {on}{more}", _WHOLE)


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _final(plan: ShownPlan) -> list[str]:
    changes = [f"{plain(one.action)} {plain(one.resource)}" for one in plan.changes if not one.reversible]
    return [*changes, *(["the sessions that are dropped"] if plan.effects else [])]
