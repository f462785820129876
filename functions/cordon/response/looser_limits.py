"""Which limits of a response policy are looser than another's: budgets, outbreaks, leases, ages, topics, identities."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from cordon.model.response_policy import Alarms, BudgetRule, Identities, OutbreakRule, Outbreaks, ResponsePolicy
from cordon.model.text import quoted
from cordon.model.thing import Criticality


def budgets(old: Sequence[BudgetRule], new: Sequence[BudgetRule]) -> Iterator[str]:
    """Say what is budgeted that had no budget, and which ceiling is no longer held by one as low.

    A thing that no budget applies to is never touched without a person, so a new budget may be a loosening, and having
    none at all is the tightest.
    """
    for place, rule in enumerate(new):
        if not any(_applies_too(before, rule) for before in old):
            yield f"budgets[{place}]: {_name(rule)} has a budget, where not all that it covers had one"
    for rule in old if new else ():
        if rule.things is not None and not any(_holds_things(after, rule, rule.things) for after in new):
            yield f"budgets: {_name(rule)} is no longer held to {rule.things} things in {rule.window_minutes} minutes"
        if rule.percent is not None and not any(_holds_percent(after, rule, rule.percent) for after in new):
            yield (
                f"budgets: {_name(rule)} is no longer held to {rule.percent:g} percent in {rule.window_minutes} minutes"
            )


def _applies_too(wide: BudgetRule, narrow: BudgetRule) -> bool:
    """Say whether `wide` applies to every thing that `narrow` applies to. Whatever is in a group, or in one of its
    child groups, is in some group: each of which has the budget of a rule without a name.
    """
    return wide.scope == "fleet" or (wide.scope == narrow.scope and wide.name in {None, narrow.name})


def _counts_all(wide: BudgetRule, narrow: BudgetRule) -> bool:
    """Say whether `wide` counts all that `narrow` counts. A named group's rule counts what is in its child groups, each
    of which a rule without a name counts by itself; a type has none below it.
    """
    if wide.scope == "fleet":
        return True
    return wide.scope == narrow.scope and (wide.name == narrow.name or (wide.scope == "type" and wide.name is None))


def _holds_things(after: BudgetRule, before: BudgetRule, most: int) -> bool:
    if after.things is None or after.things > most or not _counts_all(after, before):
        return False
    return after.window_minutes >= before.window_minutes or after.things == 0


def _holds_percent(after: BudgetRule, before: BudgetRule, most: float) -> bool:
    """As for things; but percents of two scopes are of different numbers."""
    if not _counts_all(after, before):
        return False
    if after.percent is None or after.percent > most or after.scope != before.scope:
        return after.things == 0
    return after.window_minutes >= before.window_minutes or after.things == 0


def _name(rule: BudgetRule) -> str:
    if rule.scope == "fleet":
        return "the fleet"
    return f"{rule.scope} {rule.name}" if rule.name else f"each {rule.scope}"


def outbreaks(old: Outbreaks, new: Outbreaks) -> Iterator[str]:
    """Say which outbreaks are seen later, or no longer."""
    for field in ("behavior", "group", "firmware"):
        before, after = getattr(old, field), getattr(new, field)
        if not _sees_as_early(before, after):
            yield f"outbreaks.{field}: {_when(after)} where it was {_when(before)}"
    if old.firmware and new.firmware and new.firmware_attribute != old.firmware_attribute:
        yield (
            f"outbreaks.firmware_attribute: {new.firmware_attribute} where it was {old.firmware_attribute}, which may "
            "say less of a thing"
        )


def _sees_as_early(before: OutbreakRule | None, after: OutbreakRule | None) -> bool:
    if before is None:
        return True
    return after is not None and after.things <= before.things and after.window_minutes >= before.window_minutes


def _when(rule: OutbreakRule | None) -> str:
    return f"{rule.things} things in {rule.window_minutes} minutes" if rule else "none"


def lease(policy: ResponsePolicy, criticality: Criticality) -> int:
    """Return for how many hours a quarantine of such a thing may last before a person must look."""
    return policy.leases.by_criticality.get(criticality, policy.leases.hours)


def leases(old: ResponsePolicy, new: ResponsePolicy) -> Iterator[str]:
    """Say for which things a person must look later."""
    for criticality in Criticality:
        before, after = lease(old, criticality), lease(new, criticality)
        if after > before:
            yield f"leases: {after} hours where it was {before}, for criticality {criticality}"


def alarms(old: Alarms, new: Alarms) -> Iterator[str]:
    """Say which alarms are answered without a person that were not."""
    before, after = (one.max_age_hours or math.inf for one in (old, new))
    if after > before:
        yield f"alarms.max_age_hours: {_age(after)} where it was {_age(before)}"
    if new.guardduty_samples == "answer" and old.guardduty_samples != "answer":
        yield "alarms.guardduty_samples: answer where it was ignore"


def _age(hours: float) -> str:
    return "no limit" if hours == math.inf else f"{hours:g}"


def topics(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """Say which topics a safety-critical thing may be denied that it was not."""
    for topic in sorted(set(new) - set(old)):
        yield f"restrict_topics: also {quoted(topic)}"


def identities(old: Identities, new: Identities) -> Iterator[str]:
    """Say of which roles it changes who is who: to take one away makes another identity of each who came by it."""
    before, after = set(old.session_name_pinned_roles), set(new.session_name_pinned_roles)
    for role in sorted(after - before):
        yield f"identities.session_name_pinned_roles: each session name of {role} is a person by itself"
    for role in sorted(before - after):
        yield f"identities.session_name_pinned_roles: all sessions of {role} are one, where each name was a person"
