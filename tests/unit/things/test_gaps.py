"""What is left open when a thing as AWS IoT has it is contained: the reader's facts, as the planner takes them."""

from __future__ import annotations

import pytest
from cordon.actions.group_membership import MOST_GROUPS
from cordon.model.change import Plan
from cordon.response.containment import ContainmentPlanner

from ..conftest import ACCOUNT, THING
from .conftest import Registry

OTHER = "pump-02"
QUARANTINE = "cordon-quarantine"
JOIN = f"thing/{THING}/group/{QUARANTINE}"


def plan(registry: Registry) -> Plan:
    """Return the plan for the thing as it is read now."""
    planner = ContainmentPlanner.over(registry.bed.iot, ACCOUNT, QUARANTINE)
    return planner.plan(registry.read(), "inc-20261102-0123456789")


def left_and_joined(made: Plan) -> list[tuple[str, bool]]:
    """Return the plan's changes of groups: which, and whether the thing shall be in it."""
    return [(change.resource, change.after) for change in made.changes if change.action == "group_membership"]


def test_a_thing_that_nothing_is_left_open_of_has_no_gap(registry: Registry) -> None:
    """Its certificate is all that it has."""
    registry.thing()
    registry.certificate(registry.policy("plant-device", "iot:Connect"))
    assert plan(registry).gaps == []


@pytest.mark.parametrize("session", [None, {"connected": True}])
def test_a_foreign_client_id_is_left_alone_and_named(registry: Registry, session: dict[str, bool] | None) -> None:
    """Also one without a session: neither dropped nor let in by the quarantine policy."""
    registry.thing()
    registry.thing(OTHER)
    registry.certificate()
    registry.last_seen_as(OTHER)
    if session:
        registry.session(OTHER, **session)
    made = plan(registry)
    (gap,) = made.gaps
    assert gap.resource == f"connection/{OTHER}"
    assert gap.reason == "this client id is left alone: it is the name of another thing"
    assert [effect.resource for effect in made.effects] == [f"connection/{THING}"]
    (policy,) = [change for change in made.changes if change.action == "iot_policy"]
    assert f"client/{THING}" in str(policy.after)
    assert OTHER not in str(policy.after)


@pytest.mark.parametrize(("groups", "is_full"), [(MOST_GROUPS - 1, False), (MOST_GROUPS, True)])
def test_a_thing_in_ten_groups_is_not_put_into_another(registry: Registry, groups: int, is_full: bool) -> None:
    """AWS IoT would refuse it half way: it is named instead, and nothing else of the plan is left out."""
    registry.thing()
    registry.certificate()
    registry.groups(groups)
    made = plan(registry)
    assert left_and_joined(made) == ([] if is_full else [(JOIN, True)])
    assert [gap.resource for gap in made.gaps] == ([f"group/{QUARANTINE}"] if is_full else [])
    assert [change.action for change in made.changes if change.action != "group_membership"] == [
        "certificate_status",
        "iot_policy",
        "policy_attachment",
    ]


def test_a_group_that_is_left_makes_room_for_the_quarantine_group(registry: Registry) -> None:
    """Of ten groups one allows something: the thing is taken out of it first."""
    registry.thing()
    registry.certificate()
    registry.group("allowing", registry.policy("plant-device", "iot:Connect"))
    registry.groups(MOST_GROUPS - 1)
    made = plan(registry)
    assert left_and_joined(made) == [(f"thing/{THING}/group/allowing", False), (JOIN, True)]
    assert made.gaps == []


def test_a_thing_that_is_quarantined_already_has_no_gap_for_that(registry: Registry) -> None:
    """The quarantine group is one of its ten."""
    registry.thing()
    registry.certificate()
    registry.groups(MOST_GROUPS - 1)
    registry.group(QUARANTINE)
    made = plan(registry)
    assert (left_and_joined(made), made.gaps) == ([], [])


def test_a_dynamic_group_is_never_left_and_what_it_goes_on_allowing_is_named(registry: Registry) -> None:
    """AWS refuses to take a thing out of one, which would end the playbook half way; the static group is left."""
    registry.thing()
    registry.certificate()
    policy = registry.policy("plant-device", "iot:Connect")
    registry.dynamic_group("leased", policy, registry.policy("more", "iot:Publish"))
    registry.group("line-1", policy)
    made = plan(registry)
    assert left_and_joined(made) == [(f"thing/{THING}/group/line-1", False), (JOIN, True)]
    assert [gap.resource for gap in made.gaps] == ["group/leased"] * 2
    assert [gap.reason.partition(" goes on")[0] for gap in made.gaps] == ["policy more", "policy plant-device"]


def test_a_dynamic_group_that_allows_nothing_is_no_gap(registry: Registry) -> None:
    """Most have no policy: the thing stays in them, and nothing is left open."""
    registry.thing()
    registry.certificate()
    registry.dynamic_group("leased")
    made = plan(registry)
    assert (left_and_joined(made), made.gaps) == ([(JOIN, True)], [])


def test_a_dynamic_group_takes_one_of_the_ten_places(registry: Registry) -> None:
    """AWS could put it out to make room, which would be a change that nobody planned."""
    registry.thing()
    registry.certificate()
    registry.dynamic_group("leased", registry.policy("plant-device", "iot:Connect"))
    registry.groups(MOST_GROUPS - 1)
    made = plan(registry)
    assert left_and_joined(made) == []
    assert [gap.resource for gap in made.gaps] == ["group/leased", f"group/{QUARANTINE}"]
