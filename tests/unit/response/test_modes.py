from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from cordon.model.alarm import Severity
from cordon.model.incident import Mode
from cordon.model.response_policy import ResponsePolicy, Silence
from cordon.model.thing import Criticality
from cordon.response.modes import approvals_needed, effective_mode, silence_for

PLAYBOOK = "contain_thing"


def policy(**said: Any) -> ResponsePolicy:
    """A policy that says this of one playbook."""
    return ResponsePolicy.model_validate({"playbooks": {PLAYBOOK: {"mode": "automatic"} | said}})


def mode(said: ResponsePolicy, *, severity: str = "high", criticality: str = "standard", shared: bool = False) -> Mode:
    """The effective mode of the playbook for such an incident."""
    return effective_mode(said, PLAYBOOK, Severity(severity), Criticality(criticality), shared=shared)


@pytest.mark.parametrize(
    ("said", "incident", "expected"),
    [
        ({}, {}, "automatic"),
        ({"mode": "observe"}, {}, "observe"),
        ({"severity": {"high": "observe"}}, {}, "observe"),
        ({"severity": {"low": "observe"}}, {}, "automatic"),
        ({"criticality": {"standard": "approve"}}, {}, "approve"),
        ({"criticality": {"high": "approve"}}, {}, "automatic"),
        (
            {"mode": "observe", "severity": {"high": "automatic"}, "criticality": {"standard": "automatic"}},
            {},
            "observe",
        ),
        ({"severity": {"high": "approve"}, "criticality": {"standard": "observe"}}, {}, "observe"),
        ({}, {"shared": True}, "approve"),
        ({"shared_certificate": "automatic"}, {"shared": True}, "automatic"),
        ({"shared_certificate": "observe"}, {"shared": True}, "observe"),
        ({"shared_certificate": "observe"}, {"shared": False}, "automatic"),
        ({"criticality": {"safety-critical": "observe"}}, {"criticality": "safety-critical"}, "observe"),
    ],
)
def test_the_narrowest_of_what_applies_counts(said: dict[str, Any], incident: dict[str, Any], expected: str) -> None:
    """Severity, criticality and a shared certificate may narrow the mode, and never widen it."""
    assert mode(policy(**said), **incident) == expected


@pytest.mark.parametrize(("severity", "criticality", "shared"), list(product(Severity, Criticality, [False, True])))
def test_a_playbook_that_is_not_named_asks(severity: Severity, criticality: Criticality, shared: bool) -> None:
    """Without a word about it a person approves, and without any policy two do: it may have asked for two."""
    other = ResponsePolicy.model_validate({"playbooks": {"another": {"mode": "automatic"}}})
    for said in (other, None):
        assert effective_mode(said, PLAYBOOK, severity, criticality, shared=shared) is Mode.APPROVE
        assert silence_for(said, PLAYBOOK, criticality) is Silence.ESCALATE
    assert approvals_needed(other, PLAYBOOK, criticality, irreversible=False) == 1
    assert approvals_needed(None, PLAYBOOK, criticality, irreversible=False) == 2


@pytest.mark.parametrize("criticality", ["safety-critical", "unknown"])
def test_safety_critical_and_unknown_things_are_always_a_persons(criticality: str) -> None:
    """A policy that says otherwise is not followed: no act without approval, and none by silence."""
    widest = policy(
        criticality={criticality: "automatic"},
        shared_certificate="automatic",
        silence="act",
        silence_by_criticality={criticality: "act"},
    )
    for shared in (False, True):
        assert mode(widest, criticality=criticality, shared=shared) is Mode.APPROVE
    assert silence_for(widest, PLAYBOOK, Criticality(criticality)) is Silence.ESCALATE
    assert silence_for(policy(silence="leave"), PLAYBOOK, Criticality(criticality)) is Silence.LEAVE


def test_what_silence_means_for_a_criticality_goes_before_what_it_means_at_all() -> None:
    """The more particular word counts."""
    said = policy(silence="act", silence_by_criticality={"high": "leave"})
    assert silence_for(said, PLAYBOOK, Criticality.STANDARD) is Silence.ACT
    assert silence_for(said, PLAYBOOK, Criticality.HIGH) is Silence.LEAVE


def test_two_people_are_needed_where_it_is_irreversible_or_said() -> None:
    """Irreversible always takes two; anything else where the policy lists the thing's criticality."""
    said = policy(two_approvers=["high"])
    assert approvals_needed(said, PLAYBOOK, Criticality.HIGH, irreversible=False) == 2
    assert approvals_needed(said, PLAYBOOK, Criticality.STANDARD, irreversible=False) == 1
    for any_policy in (said, None):
        assert approvals_needed(any_policy, PLAYBOOK, Criticality.STANDARD, irreversible=True) == 2
