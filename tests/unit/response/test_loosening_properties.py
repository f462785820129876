from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from math import floor
from typing import Any

import pytest
from cordon.model.alarm import Severity
from cordon.model.incident import Mode
from cordon.model.response_policy import BudgetRule, ResponsePolicy
from cordon.model.thing import Criticality
from cordon.response.calendar import closed, exempt
from cordon.response.loosening import COMPARISONS, loosenings
from cordon.response.modes import approvals_needed, effective_mode, silence_for
from cordon.things.criticality import criticality_of
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.response.policies import GROUPS, PARENTS, PLAYBOOKS, TYPES, budgets, policies, steps

WHAT_LETS_ACT = ["playbooks", "criticality", "budgets", "windows", "freezes", "exemptions", "alarms"]
NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
MOST = {"fleet": 40, "group": 10, "type": 20}
"""How many things the fleet has, each group, and each type."""


def grid(policy: ResponsePolicy) -> list[Any]:
    """What the policy comes to for every playbook, severity, criticality, and shared certificates and others."""
    return [
        (
            effective_mode(policy, playbook, severity, criticality, shared=shared),
            silence_for(policy, playbook, criticality),
            approvals_needed(policy, playbook, criticality, irreversible=False),
        )
        for playbook, severity, criticality, shared in product(PLAYBOOKS, Severity, Criticality, (False, True))
    ]


@dataclass(frozen=True)
class Incident:
    """An incident, and what was done before it: how many minutes ago, to a thing of which group and type."""

    playbook: str
    severity: Severity
    shared: bool
    attribute: str | None
    groups: tuple[str, ...]
    type: str | None
    after: timedelta
    age_hours: int
    before: tuple[tuple[int, str, str], ...]

    def criticality(self, policy: ResponsePolicy) -> Criticality:
        """What the thing is under the policy; only one of the attributes is set."""
        attributes = {"criticality": self.attribute} if self.attribute else {}
        return criticality_of(attributes, self.groups, self.type, policy.criticality)


_touched = st.tuples(st.sampled_from([10, 45]), st.sampled_from(GROUPS), st.sampled_from(TYPES))
incidents = st.builds(
    Incident,
    playbook=st.sampled_from(["contain_thing", *PLAYBOOKS]),
    severity=st.sampled_from(Severity),
    shared=st.sampled_from([False, False, True]),
    attribute=st.sampled_from([None, "standard", "strange", *Criticality]),
    groups=st.sets(st.sampled_from(GROUPS)).map(tuple),
    type=st.none() | st.sampled_from(TYPES),
    after=st.integers(0, 72).map(lambda hours: timedelta(hours=hours)),
    age_hours=st.sampled_from([1, 30, 400]),
    before=st.lists(_touched, min_size=1, max_size=3).map(tuple),
)


def has_room(rule: BudgetRule, incident: Incident, name: str) -> bool:
    """Say whether the budget, of the group or type `name` where it is of one, has room for one thing more."""
    touched = [
        one
        for one in incident.before
        if one[0] < rule.window_minutes
        and (rule.scope == "fleet" or name in one[1:] or (rule.name and PARENTS.get(one[1]) == name))
    ]
    ceilings = [rule.things] if rule.things is not None else []
    ceilings += [floor(MOST[rule.scope] * rule.percent / 100)] if rule.percent is not None else []
    return len(touched) < min(ceilings)


def scopes(rule: BudgetRule, incident: Incident) -> set[str]:
    """The groups or types for which the rule counts the thing; a rule for a group is for its child groups too."""
    if rule.scope == "fleet":
        return {""}
    own = {*incident.groups} if rule.scope == "group" else {incident.type or ""} - {""}
    if rule.name is None:
        return own
    return {rule.name} & (own | {PARENTS.get(name, name) for name in own})


def in_budget(policy: ResponsePolicy, incident: Incident) -> bool:
    """Say whether some budget applies to the thing, and all that apply have room."""
    applying = [has_room(rule, incident, name) for rule in policy.budgets for name in scopes(rule, incident)]
    return bool(applying) and all(applying)


def acts(policy: ResponsePolicy, incident: Incident) -> bool:
    """Say, in the plainest way, whether Cordon answers the incident without a person."""
    now, criticality = NOW + incident.after, incident.criticality(policy)
    mode = effective_mode(policy, incident.playbook, incident.severity, criticality, shared=incident.shared)
    limit = policy.alarms.max_age_hours
    return (
        mode is Mode.AUTOMATIC
        and not closed(policy, now)
        and not exempt(policy, "pump-01", incident.groups, incident.type, now)
        and in_budget(policy, incident)
        and (limit == 0 or incident.age_hours <= limit)
    )


def people(policy: ResponsePolicy, incident: Incident) -> int:
    """Say how many people a reversible plan for it takes."""
    return approvals_needed(policy, incident.playbook, incident.criticality(policy), irreversible=False)


@given(policies)
@settings(max_examples=50, deadline=None)
def test_no_policy_loosens_itself(policy: ResponsePolicy) -> None:
    """To push what is in force already takes nobody else."""
    assert loosenings(policy, policy, NOW) == []


@pytest.mark.parametrize("part", WHAT_LETS_ACT)
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_what_does_not_loosen_lets_cordon_do_nothing_more(part: str, data: st.DataObject) -> None:
    """No incident is answered without a person, or with fewer, that was not so under the policy before."""
    old, new = data.draw(steps(part))
    if loosenings(old, new, NOW):
        return
    for incident in data.draw(st.lists(incidents, min_size=10, max_size=10)):
        assert not acts(new, incident) or acts(old, incident)
        assert people(new, incident) >= people(old, incident)


@given(budgets, budgets, incidents)
@settings(max_examples=200, deadline=None)
def test_budgets_that_do_not_loosen_have_room_for_nothing_more(
    old: ResponsePolicy, new: ResponsePolicy, incident: Incident
) -> None:
    """Whatever was touched before: where the new budgets leave room for a thing, the old ones did."""
    if not loosenings(old, new, NOW):
        assert not in_budget(new, incident) or in_budget(old, incident)


@given(steps())
@settings(max_examples=150, deadline=None)
def test_two_policies_neither_of_which_loosens_the_other_act_alike(step: tuple[ResponsePolicy, ResponsePolicy]) -> None:
    """As tight as each other is the same, for every playbook, severity, criticality, shared certificates and others."""
    one, other = step
    if not loosenings(one, other, NOW) and not loosenings(other, one, NOW):
        assert grid(one) == grid(other)


@given(policies, incidents)
@settings(max_examples=100, deadline=None)
def test_the_first_policy_that_acts_by_itself_takes_two_people(policy: ResponsePolicy, incident: Incident) -> None:
    """Where there was none, whatever is done without a person is new."""
    if acts(policy, incident):
        assert loosenings(None, policy, NOW)


@given(policies)
@settings(max_examples=50, deadline=None)
def test_each_loosening_names_its_field(policy: ResponsePolicy) -> None:
    """A sentence begins with the field that it is about, as the file has it."""
    tight = ResponsePolicy(playbooks={})
    for sentence in loosenings(tight, policy, NOW) + loosenings(policy, tight, NOW):
        field = sentence.partition(":")[0].partition(".")[0].partition("[")[0]
        assert field in ResponsePolicy.model_fields


def test_every_field_of_the_policy_is_compared() -> None:
    """A field that is added is compared, or said to let nobody do anything."""
    assert set(COMPARISONS) | {"people", "schema_version"} == set(ResponsePolicy.model_fields)
