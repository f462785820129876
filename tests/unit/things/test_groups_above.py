from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cordon.model.response_policy import ResponsePolicy
from cordon.model.thing import Criticality, ThingFacts
from cordon.response.calendar import exempt
from cordon.things.facts import ThingReader

from tests.unit.conftest import THING
from tests.unit.things.conftest import Registry


def policy(**said: Any) -> ResponsePolicy:
    """A policy that says this."""
    return ResponsePolicy.model_validate({"playbooks": {}} | said)


def read(registry: Registry, under: ResponsePolicy | None) -> ThingFacts:
    """The facts of the thing, as they are read under a policy."""
    iot: Any = registry.iot
    iot_data: Any = registry.iot_data
    facts = ThingReader(iot, iot_data, policy=under).read(THING)
    assert facts is not None
    return facts


@pytest.fixture
def in_a_child_group(registry: Registry) -> Registry:
    """A thing whose only group lies in another, which lies in a third."""
    registry.thing()
    registry.group("plant", member=None)
    registry.group("valves", parent="plant", member=None)
    registry.group("valves-east", parent="valves")
    return registry


@pytest.mark.parametrize("named", ["plant", "valves", "valves-east"])
def test_what_is_said_of_a_group_is_said_of_its_child_groups(in_a_child_group: Registry, named: str) -> None:
    """A thing in a child group is as critical as the policy says of any group above it."""
    facts = read(in_a_child_group, policy(criticality={"groups": {named: "safety-critical"}}))
    assert facts.criticality is Criticality.SAFETY_CRITICAL
    assert [group.name for group in facts.groups] == ["valves-east"]


@pytest.mark.parametrize("named", ["plant", "valves", "valves-east"])
def test_an_exemption_of_a_group_is_one_of_its_child_groups(in_a_child_group: Registry, named: str) -> None:
    """The names that the reader finds are all that the exemption asks for."""
    exemption = {"group": named, "owner": "plant", "reason": "trial", "expires": "2027-01-01T00:00Z"}
    under = policy(exemptions=[exemption])
    facts = read(in_a_child_group, under)
    groups = [*(group.name for group in facts.groups), *facts.groups_above]
    assert len(exempt(under, THING, groups, None, datetime(2026, 11, 23, tzinfo=UTC))) == 1


@pytest.mark.parametrize(
    "under",
    [None, policy(), policy(criticality={"groups": {"valves-east": "high"}, "types": {"valve": "high"}})],
    ids=["no policy", "names no group", "names its own"],
)
def test_the_groups_above_are_asked_for_only_where_one_may_be_named(
    in_a_child_group: Registry, under: ResponsePolicy | None
) -> None:
    """Each group is a question to AWS IoT, and containment waits for it."""
    assert read(in_a_child_group, under).groups_above == []
    assert "describe_thing_group" not in in_a_child_group.iot.calls


@pytest.mark.parametrize(
    ("attribute", "criticality"),
    [
        (None, Criticality.UNKNOWN),
        ("low", Criticality.UNKNOWN),
        ("high", Criticality.UNKNOWN),
        ("strange", Criticality.UNKNOWN),
        ("Safety_Critical", Criticality.SAFETY_CRITICAL),
    ],
)
def test_without_a_policy_nothing_is_known_to_be_harmless(
    registry: Registry, attribute: str | None, criticality: Criticality
) -> None:
    """The policy may say more of its group or type, or read another attribute; what is marked as critical stays so."""
    registry.thing(**({"criticality": attribute} if attribute else {}))
    registry.group("valves")
    assert read(registry, None).criticality is criticality


def test_a_thing_in_no_group_has_none_above(registry: Registry) -> None:
    """Nothing is asked, and it is as critical as its attribute says."""
    registry.thing(criticality="low")
    facts = read(registry, policy(criticality={"groups": {"valves": "safety-critical"}}))
    assert (facts.groups_above, facts.criticality) == ([], Criticality.LOW)
