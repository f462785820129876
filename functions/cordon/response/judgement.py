"""Whether a plan is shown, carried out, or put before a person."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from cordon.model.change import Plan
from cordon.model.incident import Decision, Incident, Mode
from cordon.model.text import quoted
from cordon.model.thing import Criticality, ThingFacts

_UNSAFE_IN_POLICY = ("*", "?", "${")
_MOST_NAMED = 10
"""Things that a reason names. A certificate may serve a whole fleet, and an execution carries no more than 256 KiB."""


@dataclass(frozen=True)
class Assessment:
    """What an assessment came to, and why, each reason a sentence."""

    decision: Decision
    reasons: list[str]


def judge(mode: Mode, reasons_for_a_person: list[str]) -> Assessment:
    """Decide: observe only shows; automatic carries out, unless there is a reason that a person should decide."""
    if mode is Mode.OBSERVE:
        return Assessment(Decision.OBSERVE, reasons_for_a_person)
    if reasons_for_a_person:
        return Assessment(Decision.ESCALATE, reasons_for_a_person)
    return Assessment(Decision.AUTOMATIC, [])


def not_ours_alone(thing: ThingFacts) -> list[str]:
    """Say why the plan for this thing is not Cordon's to carry out by itself; an empty list: it is."""
    return [
        *_criticality(thing),
        *([] if thing.certificates else ["it has no certificate, so there is nothing of its own to shut off"]),
        *(
            f"certificate {certificate.id} is shared with {_named(set(certificate.things) - {thing.name})}"
            for certificate in thing.certificates
            if certificate.is_shared
        ),
        *(
            f"client id {quoted(session.client_id)} would be a pattern in a policy"
            for session in thing.sessions
            if any(sign in session.client_id for sign in _UNSAFE_IN_POLICY)
        ),
    ]


def too_old(incident: Incident, now: datetime, max_age: timedelta) -> list[str]:
    """Say that the alarm is too old to be answered without a person; `max_age` zero means that none is."""
    age = now - incident.alarm_raised_at
    return [f"the alarm is {age.days} days old"] if max_age and age > max_age else []


def hits_others(plan: Plan, thing: ThingFacts) -> list[str]:
    """Say which other things the plan would affect."""
    others = plan.things_hit - {thing.name}
    return [f"the plan would also hit {_named(others)}"] if others else []


def _named(things: AbstractSet[str]) -> str:
    """Return the first names, and how many more there are: the plan and the capsule name all of them."""
    more = len(things) - _MOST_NAMED
    return ", ".join(sorted(things)[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _criticality(thing: ThingFacts) -> list[str]:
    if thing.criticality is Criticality.SAFETY_CRITICAL:
        return ["it is safety-critical"]
    if thing.criticality is Criticality.UNKNOWN:
        return ["its criticality attribute says something that Cordon does not know"]
    return []
