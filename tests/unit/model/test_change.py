from __future__ import annotations

from typing import Any

import pytest
from cordon.model.change import Change, Effect, Gap, Plan
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=4,
)
CHANGES = st.builds(
    Change,
    action=st.sampled_from(["certificate_status", "iot_policy"]),
    resource=st.text(min_size=1, max_size=8),
    before=JSON,
    after=JSON,
    reversible=st.booleans(),
    hits=st.lists(st.sampled_from(["pump-01", "pump-02"]), max_size=2),
)
PLANS = st.builds(Plan, changes=st.lists(CHANGES, max_size=2))


def turned(value: Any) -> Any:
    """Return the same JSON with the keys of every object in the other order."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=40)
@given(PLANS)
def test_the_order_of_keys_is_not_in_the_hash(plan: Plan) -> None:
    """A plan that went through a table and came back with its keys in another order is still the approved one."""
    again = Plan.model_validate(turned(plan.model_dump(mode="json")))
    assert again.hash == plan.hash


@settings(max_examples=40)
@given(plan=PLANS, client_id=st.text(min_size=1, max_size=8))
def test_session_facts_are_not_in_the_hash(plan: Plan, client_id: str) -> None:
    """Sessions come and go between the approval and the act."""
    effect = Effect(action="drop_session", resource=f"connection/{client_id}", hits=["pump-01"])
    gap = Gap(resource=f"connection/{client_id}", reason="left alone")
    assert plan.model_copy(update={"effects": [effect], "gaps": [gap]}).hash == plan.hash


@settings(max_examples=40)
@given(plan=PLANS, other=PLANS)
def test_another_plan_has_another_hash(plan: Plan, other: Plan) -> None:
    """Every part of every change is in the hash, and their order is too."""
    assert (plan.hash == other.hash) == (plan.model_dump_json() == other.model_dump_json())


@pytest.mark.parametrize(
    "different",
    [
        {"action": "iot_policy"},
        {"resource": "certificate/b"},
        {"before": "INACTIVE"},
        {"after": "REVOKED"},
        {"reversible": False},
        {"hits": ["pump-01", "pump-02"]},
    ],
)
def test_each_field_of_a_change_is_in_the_hash(different: dict[str, Any]) -> None:
    """A plan that would hit one thing more is not the plan that was approved."""
    change = Change(
        action="certificate_status", resource="certificate/a", before="ACTIVE", after="INACTIVE", hits=["pump-01"]
    )
    assert Plan(changes=[change.model_copy(update=different)]).hash != Plan(changes=[change]).hash


@settings(max_examples=40)
@given(CHANGES.filter(lambda change: change.reversible))
def test_the_inverse_of_the_inverse_is_the_change(change: Change) -> None:
    """Undoing swaps before and after, and nothing else."""
    inverse = change.inverse()
    assert (inverse.before, inverse.after) == (change.after, change.before)
    assert inverse.inverse() == change


def test_an_irreversible_change_has_no_inverse() -> None:
    """What cannot be put back is refused, not attempted."""
    change = Change(action="x", resource="certificate/a", before="ACTIVE", after="REVOKED", reversible=False)
    with pytest.raises(ValueError, match="x of certificate/a cannot be undone"):
        change.inverse()


def test_the_blast_radius_counts_every_thing_once() -> None:
    """Things hit by changes and by effects are counted together."""
    change = Change(action="a", resource="r", before=0, after=1, hits=["pump-01", "pump-02"])
    effect = Effect(action="drop_session", resource="connection/pump-03", hits=["pump-03", "pump-01"])
    plan = Plan(changes=[change, change], effects=[effect])
    assert plan.things_hit == {"pump-01", "pump-02", "pump-03"}


def test_an_unknown_field_of_our_own_record_is_an_error() -> None:
    """We are the only writer: what we do not know was not written by us."""
    with pytest.raises(ValidationError, match="surprise"):
        Change.model_validate({"action": "a", "resource": "r", "before": 0, "after": 1, "surprise": True})
