"""In which ways one response policy lets Cordon do more by itself than another, or needs or tells fewer people.

Fail safe: what is not provably as tight counts as looser. A push that loosens anything takes two people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import product

from cordon.model.alarm import Severity
from cordon.model.incident import Mode
from cordon.model.response_policy import CriticalityRules, ResponsePolicy, Silence
from cordon.model.thing import Criticality
from cordon.response import looser_limits, looser_times
from cordon.response.modes import approvals_needed, effective_mode, of_playbook, silence_for
from cordon.things.criticality import criticality_of

_MODES, _SILENCES = list(Mode), [Silence.ESCALATE, Silence.LEAVE, Silence.ACT]
"""The tightest first. To leave a thing as it is tells fewer people than to escalate."""


@dataclass(frozen=True)
class Step:
    """From one policy to the next, at a moment: what is past by then does not count."""

    old: ResponsePolicy
    new: ResponsePolicy
    now: datetime
    is_first: bool = False
    """There was none before: `old` stands for what Cordon does without one."""


def loosenings(old: ResponsePolicy | None, new: ResponsePolicy, now: datetime) -> list[str]:
    """Return every way in which `new` is looser than `old` from `now` (aware) on: a sentence each, naming the field.

    No old policy is one that asks for approval of everything. It had no limits that could be loosened: those of a new
    policy count only if it lets Cordon do anything by itself. And a playbook starts by observing, so that the first
    policy may do that.
    """
    step = Step(old or ResponsePolicy(playbooks={}), new, now, is_first=old is None)
    counting = COMPARISONS if old or acts_alone(new) else {name: COMPARISONS[name] for name in _WITHOUT_OLD}
    return [sentence for comparison in counting.values() for sentence in comparison(step)]


def acts_alone(policy: ResponsePolicy) -> bool:
    """Say whether there is any incident that Cordon answers without a person under this policy."""
    return any(
        effective_mode(policy, playbook, severity, criticality, shared=False) is Mode.AUTOMATIC
        or silence_for(policy, playbook, criticality) is Silence.ACT
        for playbook, severity, criticality in product(policy.playbooks, Severity, Criticality)
    )


def _playbooks(step: Step) -> Iterator[str]:
    for playbook in sorted(step.old.playbooks.keys() | step.new.playbooks.keys()):
        yield from _modes(step, playbook)
        yield from _silence(step, playbook)
        yield from _people(step, playbook)


def _modes(step: Step, playbook: str) -> Iterator[str]:
    """Compare what the modes come to, for every severity, criticality, and shared certificates and others."""
    wider: dict[tuple[Mode, Mode], list[tuple[Severity, Criticality, bool]]] = {}
    for case in product(Severity, Criticality, (False, True)):
        severity, criticality, shared = case
        before, after = (
            effective_mode(policy, playbook, severity, criticality, shared=shared) for policy in (step.old, step.new)
        )
        if _is_further(before, after) or (_answers_nothing(before, after) and not step.is_first):
            wider.setdefault((before, after), []).append(case)
    for (before, after), cases in wider.items():
        severities, criticalities, shared_ones = (list(dict.fromkeys(part)) for part in zip(*cases, strict=True))
        where = [
            *_listed("severity", severities, len(Severity)),
            *_listed("criticality", criticalities, len(Criticality)),
            *({(False,): ["no shared certificate"], (True,): ["a shared certificate"]}.get(tuple(shared_ones), [])),
        ]
        yield f"playbooks.{playbook}: {after} where it was {before}{', for ' if where else ''}{'; '.join(where)}"


def _is_further(before: Mode, after: Mode) -> bool:
    return _MODES.index(after) > _MODES.index(before)


def _answers_nothing(before: Mode, after: Mode) -> bool:
    """Say whether nobody is asked or told any more of what was answered: who observes everything is blind."""
    return after is Mode.OBSERVE is not before


def _silence(step: Step, playbook: str) -> Iterator[str]:
    acting = leaving = False
    for criticality in Criticality:
        before, after = (silence_for(policy, playbook, criticality) for policy in (step.old, step.new))
        acting |= before is after is Silence.ACT
        leaving |= before is after is Silence.LEAVE
        if _SILENCES.index(after) > _SILENCES.index(before):
            yield f"playbooks.{playbook}.silence: {after} where it was {before}, for criticality {criticality}"
    shorter, longer = (of_playbook(policy, playbook).approval_minutes for policy in (step.new, step.old))
    if (acting or leaving) and shorter < longer:
        means = "acts" if acting else "leaves it"
        yield f"playbooks.{playbook}.approval_minutes: silence {means} after {shorter} minutes where it was {longer}"


def _people(step: Step, playbook: str) -> Iterator[str]:
    fewer = [
        criticality
        for criticality in Criticality
        if approvals_needed(step.new, playbook, criticality, irreversible=False)
        < approvals_needed(step.old, playbook, criticality, irreversible=False)
    ]
    if fewer:
        yield f"playbooks.{playbook}.two_approvers: one person where it took two, for criticality {', '.join(fewer)}"


def _criticality(step: Step) -> Iterator[str]:
    old, new = step.old.criticality, step.new.criticality
    if new.attribute != old.attribute:
        yield f"criticality.attribute: {new.attribute} where it was {old.attribute}, which may say less of a thing"
    looser = {pair for pair in product(Criticality, repeat=2) if _is_looser(step.new, *pair)}
    for field in ("groups", "types"):
        before, after = getattr(old, field), getattr(new, field)
        for name in sorted(before.keys() | after.keys()):
            was, is_ = before.get(name), after.get(name)
            if any((_together(rest, was), _together(rest, is_)) in looser for rest in (None, *Criticality)):
                yield f"criticality.{field}.{name}: {is_ or 'nothing'} where it was {was or 'nothing'}"


@cache
def _together(*said: Criticality | None) -> Criticality:
    """Return what a thing is of which all this is said, as things are judged."""
    groups = {f"group-{place}": one for place, one in enumerate(said) if one is not None}
    return criticality_of({}, groups, None, CriticalityRules(groups=groups))


def _is_looser(policy: ResponsePolicy, was: Criticality, is_: Criticality) -> bool:
    """Say whether a thing may suffer more under `policy` once its criticality is another. One comparison is enough:
    that of the policies themselves is made for each criticality, and both together are the way from old to new.
    """
    if was is Criticality.SAFETY_CRITICAL is not is_:
        return True  # it is cut off, where only topics were denied
    return looser_limits.lease(policy, is_) > looser_limits.lease(policy, was) or any(
        _SILENCES.index(silence_for(policy, playbook, is_)) > _SILENCES.index(silence_for(policy, playbook, was))
        or approvals_needed(policy, playbook, is_, irreversible=False)
        < approvals_needed(policy, playbook, was, irreversible=False)
        or any(_goes_further(policy, playbook, severity, was, is_) for severity in Severity)
        for playbook in policy.playbooks
    )


def _goes_further(
    policy: ResponsePolicy, playbook: str, severity: Severity, was: Criticality, is_: Criticality
) -> bool:
    steps = (
        [effective_mode(policy, playbook, severity, criticality, shared=shared) for criticality in (was, is_)]
        for shared in (False, True)
    )
    return any(_is_further(before, after) or _answers_nothing(before, after) for before, after in steps)


def _listed(what: str, found: list[str], all_of_them: int) -> list[str]:
    return [f"{what} {', '.join(found)}"] if len(found) < all_of_them else []


COMPARISONS: dict[str, Callable[[Step], Iterable[str]]] = {
    "playbooks": _playbooks,
    "criticality": _criticality,
    "budgets": lambda step: looser_limits.budgets(step.old.budgets, step.new.budgets),
    "windows": lambda step: looser_times.windows(step.old.windows, step.new.windows),
    "freezes": lambda step: looser_times.freezes(step.old.freezes, step.new.freezes, step.now),
    "exemptions": lambda step: looser_times.exemptions(step.old.exemptions, step.new.exemptions, step.now),
    "restrict_topics": lambda step: looser_limits.topics(step.old.restrict_topics, step.new.restrict_topics),
    "outbreaks": lambda step: looser_limits.outbreaks(step.old.outbreaks, step.new.outbreaks),
    "leases": lambda step: looser_limits.leases(step.old, step.new),
    "alarms": lambda step: looser_limits.alarms(step.old.alarms, step.new.alarms),
    "identities": lambda step: looser_limits.identities(step.old.identities, step.new.identities),
}
"""Each field of the policy with what compares it. `people` and `schema_version` let nobody do anything."""
_WITHOUT_OLD = ("playbooks", "identities")
