"""Whether a plan is shown, carried out, or put before a person."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from cordon.model.change import Plan
from cordon.model.incident import Decision, Incident, Mode
from cordon.model.text import quoted
from cordon.model.thing import Criticality, ThingFacts
from cordon.response.policy_documents import would_be_pattern

_MOST_NAMED = 10
"""Things that a reason names. A certificate may serve a whole fleet, and an execution carries no more than 256 KiB."""


@dataclass(frozen=True)
class Assessment:
    """What an assessment came to, and why, each reason a sentence."""

    decision: Decision
    reasons: list[str]


def judge(mode: Mode, blockers: list[str], questions: list[str]) -> Assessment:
    """Decide. Observe only shows; what no plan can be carried out for goes to a person as it is.

    Otherwise a person is asked for approval where the mode or any question says so, and only then is it automatic.
    """
    reasons = [*blockers, *questions]
    if mode is Mode.OBSERVE:
        return Assessment(Decision.OBSERVE, reasons)
    if blockers:
        return Assessment(Decision.ESCALATE, reasons)
    if questions or mode is Mode.APPROVE:
        return Assessment(Decision.APPROVE, questions or ["the response policy asks for approval"])
    return Assessment(Decision.AUTOMATIC, [])


def blockers(plan: Plan) -> list[str]:
    """Say why the plan may not be carried out at all, also not with approval; an empty list: it may."""
    return [] if plan.changes or plan.effects else ["there is nothing of it that Cordon could change"]


def questions(thing: ThingFacts, *, by_policy: bool = True) -> list[str]:
    """Say why a person must approve the plan for this thing; an empty list: nothing about the thing asks for that.

    `by_policy`: whether there was a response policy to judge its criticality by.
    """
    return [
        *_criticality(thing, by_policy=by_policy),
        *([] if thing.certificates else ["it has no certificate, so there is nothing of its own to shut off"]),
        *_patterns(thing),
    ]


def _patterns(thing: ThingFacts) -> list[str]:
    """Name the client ids that no policy may name. Not a blocker: an intruder would need only one to stay as he is."""
    return [
        f"client id {quoted(session.client_id)} would be a pattern in a policy, and is left alone: it stays open"
        for session in thing.sessions
        if session.foreign is None and would_be_pattern(session.client_id)
    ]


def too_old(incident: Incident, now: datetime, max_age: timedelta) -> list[str]:
    """Say that its newest alarm is too old to be answered without a person; `max_age` zero means that none is."""
    age = now - incident.last_seen_at
    return [f"the alarm is {age.days} days old"] if max_age and age > max_age else []


def hits_others(plan: Plan, thing: ThingFacts) -> list[str]:
    """Say which other things the plan would affect."""
    others = plan.things_hit - {thing.name}
    return [f"the plan would also hit {_named(others)}"] if others else []


def _named(things: AbstractSet[str]) -> str:
    """Return the first names, and how many more there are: the plan and the capsule name all of them."""
    more = len(things) - _MOST_NAMED
    return ", ".join(sorted(things)[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _criticality(thing: ThingFacts, *, by_policy: bool) -> list[str]:
    if thing.criticality is Criticality.SAFETY_CRITICAL:
        return ["it is safety-critical"]
    if thing.criticality is Criticality.UNKNOWN and not by_policy:
        return [
            "nobody knows how critical it is: the response policy says where that stands, and there is none to read"
        ]
    if thing.criticality is Criticality.UNKNOWN:
        return ["its criticality attribute says something that Cordon does not know"]
    return []
