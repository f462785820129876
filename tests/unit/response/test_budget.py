from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cordon.errors import RecordBusy
from cordon.response.budget import Budget
from hypothesis import given, settings
from hypothesis import strategies as st

from ..conftest import Bed, make_bed

HOUR = timedelta(hours=1)


def reserved(bed: Bed) -> list[int]:
    """Return what is reserved in each window."""
    return [row["reserved"] for row in bed.rows("BUDGET#fleet", "WINDOW#")]


@settings(max_examples=6, deadline=None)
@given(
    room=st.integers(0, 6),
    asked=st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 4)), max_size=12),
)
def test_never_more_than_the_ceiling_whatever_the_order_and_the_retries(
    room: int, asked: list[tuple[str, int]]
) -> None:
    """An incident counts once however often it asks, and is told the same each time while its room lasts."""
    with make_bed() as bed:
        budget = Budget(bed.table, room, HOUR)
        granted: dict[str, int] = {}
        for incident, count in asked:
            fits = incident in granted or sum(granted.values()) + count <= room
            assert budget.reserve(incident, count) is fits
            if fits:
                granted.setdefault(incident, count)
        assert sum(granted.values()) == sum(reserved(bed)) <= room


def test_never_more_than_the_ceiling_when_all_come_at_once(bed: Bed) -> None:
    """Each of eight incidents asks twice, all at the same moment, for a budget of three."""
    budget, together = Budget(bed.table, 3, HOUR), threading.Barrier(8)

    def ask(number: int) -> bool:
        together.wait()
        for _ in range(50):
            try:
                return budget.reserve(f"incident-{number % 8}", 1)
            except RecordBusy:
                continue
        raise AssertionError("busy fifty times")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(16)))
    granted = {number % 8 for number, answer in enumerate(answers) if answer}
    assert len(granted) == 3
    assert reserved(bed) == [3]


@pytest.mark.parametrize("room", [0, 2])
def test_a_plan_that_is_too_large_gets_nothing(bed: Bed, room: int) -> None:
    """It takes no part of the budget either."""
    assert Budget(bed.table, room, HOUR).reserve("a", 3) is False
    assert reserved(bed) == [0]


def test_the_next_window_has_room_again(bed: Bed) -> None:
    """And what was reserved before is still its incident's, without counting in the new window."""
    budget = Budget(bed.table, 1, HOUR)
    assert [budget.reserve(incident, 1) for incident in "ab"] == [True, False]
    bed.clock.advance(hours=1)
    assert [budget.reserve(incident, 1) for incident in "aba"] == [True, True, True]
    assert reserved(bed) == [1, 1]
