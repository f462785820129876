from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cordon.errors import RecordBusy, RecordUnreadable
from cordon.incidents.table import Row, key, put, update
from cordon.model.response_policy import MOST_THINGS, BudgetRule
from cordon.model.thing import Criticality, GroupFacts, ThingFacts
from cordon.response.budget import Budgets
from hypothesis import given, settings
from hypothesis import strategies as st

from ..conftest import Bed, make_bed

USED_UP = "the budget of the fleet is used up (1 thing in 60 minutes)"


def thing(name: str = "pump-01", *, groups: tuple[str, ...] = (), type_name: str | None = None) -> ThingFacts:
    """Return a thing in these groups, of that type."""
    return ThingFacts(
        name=name,
        arn=f"arn:{name}",
        type_name=type_name,
        attributes={},
        version=1,
        criticality=Criticality.STANDARD,
        certificates=[],
        other_principals=[],
        groups=[GroupFacts(name=group, arn=f"arn:{group}", policies=[]) for group in groups],
    )


def budgets(bed: Bed, *rules: BudgetRule) -> Budgets:
    """Return the budgets of these rules, over the record."""
    return Budgets(bed.table, bed.iot, rules)


def fleet(things: int | None = 1, **rest: Any) -> BudgetRule:
    """Return a budget of the whole fleet, for an hour unless said otherwise."""
    return BudgetRule(scope="fleet", things=things, **rest)


def reserved(bed: Bed, scope: str = "fleet") -> dict[str, int]:
    """Return how many things each incident has reserved of a scope."""
    row = bed.table.get(f"BUDGET#{scope}", "RESERVATIONS") or {"reservations": {}}
    return {incident: things for incident, (things, _) in row["reservations"].items()}


@settings(max_examples=6, deadline=None)
@given(
    room=st.integers(0, 6),
    asked=st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 4), st.integers(0, 40)), max_size=14),
)
def test_never_more_than_the_ceiling_in_any_hour(room: int, asked: list[tuple[str, int, int]]) -> None:
    """Whatever the order, the retries and the minutes between: no hour, wherever it begins, holds more than it may."""
    with make_bed() as bed:
        budget, minute = budgets(bed, fleet(room)), 0
        granted: dict[str, tuple[int, int]] = {}
        for incident, count, minutes in asked:
            bed.clock.advance(minutes=minutes)
            minute += minutes
            has_room = sum(n for other, (n, at) in granted.items() if other != incident and minute - at < 60)
            fits = (incident in granted and count <= granted[incident][0]) or has_room + count <= room
            assert (budget.reserve(incident, thing(), count) == []) is fits
            if fits and (incident not in granted or count > granted[incident][0]):
                granted[incident] = (count, minute)
        for _, start in granted.values():
            assert sum(n for n, at in granted.values() if start <= at < start + 60) <= room


def test_never_more_than_the_ceiling_when_all_come_at_once(bed: Bed) -> None:
    """Each of eight incidents asks twice, all at the same moment, for a budget of three."""
    budget, together = budgets(bed, fleet(3)), threading.Barrier(8)

    def ask(number: int) -> list[str]:
        together.wait()
        for _ in range(50):
            try:
                return budget.reserve(f"incident-{number % 8}", thing(), 1)
            except RecordBusy:
                continue
        raise AssertionError("busy fifty times")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(16)))
    granted = {number % 8 for number, full in enumerate(answers) if not full}
    assert len(granted) == 3
    assert reserved(bed) == {f"incident-{number}": 1 for number in granted}


@pytest.mark.parametrize("room", [0, 2])
def test_a_plan_that_is_too_large_gets_nothing(bed: Bed, room: int) -> None:
    """It takes no part of the budget either."""
    (why,) = budgets(bed, fleet(room)).reserve("a", thing(), 3)
    assert why.startswith("the budget of the fleet ")
    assert why.endswith(f"({room} things in 60 minutes)")
    assert reserved(bed) == {}


def test_a_reservation_counts_for_its_window_and_not_a_millisecond_longer(bed: Bed) -> None:
    """Across any edge of the clock: what was reserved at 12:59 still counts at 13:58."""
    budget = budgets(bed, fleet())
    bed.clock.advance(minutes=59)
    assert budget.reserve("a", thing(), 1) == []
    bed.clock.advance(minutes=59, seconds=59, milliseconds=999)
    assert budget.reserve("b", thing(), 1) == [USED_UP]
    bed.clock.advance(milliseconds=1)
    assert budget.reserve("b", thing(), 1) == []
    assert reserved(bed) == {"b": 1}  # what ran out is gone, so that the row stays small


def test_an_incident_that_reserved_once_may_go_on_unless_it_must_be_fresh(bed: Bed) -> None:
    """A retry after hours carries on with what it began; silence acts only where there is room now."""
    budget = budgets(bed, fleet())
    assert budget.reserve("a", thing(), 1) == []
    assert budget.reserve("a", thing(), 1, fresh=True) == []  # it still counts
    bed.clock.advance(hours=2)
    assert budget.reserve("b", thing(), 1) == []
    assert budget.reserve("a", thing(), 1) == []
    assert budget.reserve("a", thing(), 1, fresh=True) == [USED_UP]
    bed.clock.advance(hours=1)
    assert budget.reserve("a", thing(), 1, fresh=True) == []
    assert reserved(bed) == {"a": 1}


def test_what_is_dated_in_the_future_still_counts(bed: Bed) -> None:
    """A clock that ran ahead and was put right makes no room."""
    budget = budgets(bed, fleet())
    bed.clock.advance(hours=5)
    budget.reserve("a", thing(), 1)
    bed.clock.advance(hours=-5)
    assert budget.reserve("b", thing(), 1) == [USED_UP]


def test_all_scopes_have_room_or_nothing_is_reserved(bed: Bed) -> None:
    """Each scope without room is named, and those with room give none of it away."""
    rules = [fleet(9), BudgetRule(scope="group", things=1), BudgetRule(scope="type", name="pump", things=1)]
    budget = budgets(bed, *rules)
    assert budget.reserve("a", thing(groups=("line-1",), type_name="pump"), 1) == []
    assert budget.reserve("b", thing(groups=("line-1", "line-2"), type_name="pump"), 1) == [
        "the budget of group line-1 is used up (1 thing in 60 minutes)",
        "the budget of type pump is used up (1 thing in 60 minutes)",
    ]
    assert budget.reserve("c", thing(groups=("line-2",), type_name="camera"), 1) == []
    found = {scope: reserved(bed, scope) for scope in ("fleet", "group/line-1", "group/line-2", "type/pump")}
    assert found == {
        "fleet": {"a": 1, "c": 1},
        "group/line-1": {"a": 1},
        "group/line-2": {"c": 1},
        "type/pump": {"a": 1},
    }


def test_the_tightest_of_several_rules_counts(bed: Bed) -> None:
    """Two an hour, and three a day."""
    budget = budgets(bed, fleet(2), fleet(3, window_minutes=1440))
    assert [bool(budget.reserve(one, thing(), 1)) for one in "abc"] == [False, False, True]
    bed.clock.advance(hours=1)
    assert [bool(budget.reserve(one, thing(), 1)) for one in "cd"] == [False, True]
    assert budget.reserve("d", thing(), 1) == ["the budget of the fleet is used up (3 things in 1440 minutes)"]


@pytest.mark.parametrize(
    ("rules", "of"),
    [
        ([], thing()),
        ([BudgetRule(scope="group", name="line-2", things=5)], thing()),
        ([BudgetRule(scope="type", name="camera", things=5)], thing(type_name="pump")),
        ([BudgetRule(scope="type", things=5), BudgetRule(scope="group", things=5)], thing()),
    ],
)
def test_where_no_budget_applies_nothing_is_automatic(bed: Bed, rules: list[BudgetRule], of: ThingFacts) -> None:
    """No rule at all, or none for this thing: a person decides."""
    assert budgets(bed, *rules).reserve("a", of, 1) == ["no budget of the response policy applies to pump-01"]
    assert bed.everything() == []


def test_a_budget_for_a_group_is_for_the_groups_in_it_too(bed: Bed) -> None:
    """A thing of a line counts against the plant that the line lies in."""
    bed.iot.create_thing_group(thingGroupName="plant")
    bed.iot.create_thing_group(thingGroupName="line-1", parentGroupName="plant")
    budget = budgets(bed, BudgetRule(scope="group", name="plant", things=1))
    assert budget.reserve("a", thing(groups=("line-1",)), 1) == []
    assert budget.reserve("b", thing(groups=("line-1",)), 1) == [
        "the budget of group plant is used up (1 thing in 60 minutes)"
    ]
    assert reserved(bed, "group/plant") == {"a": 1}


@pytest.mark.parametrize(
    ("percent", "things", "most"), [(10, None, 1), (10, 5, 1), (50, 5, 5), (19.9, None, 1), (9.9, None, 0), (0, 5, 0)]
)
def test_percent_is_of_the_things_that_there_are_rounded_down(
    bed: Bed, percent: float, things: int | None, most: int
) -> None:
    """Of ten things; and where a number is given too, the smaller counts."""
    for number in range(10):
        bed.iot.create_thing(thingName=f"thing-{number}")
    budget = budgets(bed, fleet(things, percent=percent))
    granted = [one for one in "abcdefg" if budget.reserve(one, thing(), 1) == []]
    assert len(granted) == most == len(reserved(bed))


def test_percent_of_a_group_and_of_a_type(bed: Bed) -> None:
    """Half of the two things of the group, and half of the four of the type."""
    bed.iot.create_thing_type(thingTypeName="pump")
    bed.iot.create_thing_group(thingGroupName="line-1")
    for number in range(4):
        bed.iot.create_thing(thingName=f"pump-{number}", thingTypeName="pump")
    for number in range(2):
        bed.iot.add_thing_to_thing_group(thingGroupName="line-1", thingName=f"pump-{number}")
    budget = budgets(bed, BudgetRule(scope="group", percent=50), BudgetRule(scope="type", percent=50))
    member, other = thing(groups=("line-1",), type_name="pump"), thing(type_name="pump")
    assert budget.reserve("a", member, 1) == []
    assert budget.reserve("b", member, 1) == ["the budget of group line-1 is used up (1 thing in 60 minutes)"]
    assert budget.reserve("c", other, 1) == []
    assert budget.reserve("d", other, 1) == ["the budget of type pump is used up (2 things in 60 minutes)"]


def test_a_population_is_counted_once_an_hour(bed: Bed) -> None:
    """Things that are added meanwhile make no room yet, and a count that cannot be read is made anew."""
    bed.iot.create_thing(thingName="first")
    budget = budgets(bed, fleet(None, percent=100))
    assert budget.reserve("a", thing(), 1) == []
    bed.iot.create_thing(thingName="second")
    assert budget.reserve("b", thing(), 1) != []
    bed.table.write(update(key("POPULATION#fleet", "POPULATION"), set_={"things": "many"}))
    assert budget.reserve("b", thing(), 1) == []
    bed.iot.create_thing(thingName="third")
    bed.clock.advance(minutes=59)
    assert budget.reserve("c", thing(), 1) != []
    bed.clock.advance(minutes=1)
    assert budget.reserve("c", thing(), 1) == []


def test_a_population_is_counted_over_all_pages(bed: Bed) -> None:
    """AWS returns 250 things at a time; a tenth of 260 is 26."""
    for number in range(260):
        bed.iot.create_thing(thingName=f"thing-{number}")
    budget = budgets(bed, fleet(None, percent=10))
    assert budget.reserve("a", thing(), 26) == []
    assert budget.reserve("b", thing(), 1) == ["the budget of the fleet is used up (26 things in 60 minutes)"]


@pytest.mark.parametrize(
    "broken",
    [
        {"version": 1, "reservations": {"a": [-5, 0]}},
        {"version": 1, "reservations": {"a": [0, 0]}},
        {"version": 1, "reservations": "none"},
        {"version": "new", "reservations": {}},
        {"version": 1},
    ],
)
def test_a_row_that_cannot_be_read_gives_no_room(bed: Bed, broken: Row) -> None:
    """It is an error before a person, and the row stays as it is."""
    row = {**key("BUDGET#fleet", "RESERVATIONS"), **broken}
    bed.table.write(put(row))
    with pytest.raises(RecordUnreadable):
        budgets(bed, fleet(9)).reserve("b", thing(), 1)
    assert bed.rows("BUDGET#fleet") == [row]
    assert bed.rows("INCIDENT#b") == []


def test_the_largest_budget_stays_within_a_row(bed: Bed) -> None:
    """A thousand reservations, by incidents of the ids that they have, take less than half of the 400 KB of a row."""
    now = int(bed.clock.now().timestamp() * 1000)
    held = {f"inc-20261102-{number:010x}": [1, now] for number in range(MOST_THINGS - 1)}
    bed.table.write(put({**key("BUDGET#fleet", "RESERVATIONS"), "version": 7, "reservations": held}))
    budget = budgets(bed, fleet(MOST_THINGS))
    assert budget.reserve("inc-20261102-ffffffffff", thing(), 1) == []
    assert budget.reserve("inc-20261102-fffffffffe", thing(), 1) != []
    assert len(reserved(bed)) == MOST_THINGS
    assert sum(len(str(item)) for item in bed.everything()) < 200_000
