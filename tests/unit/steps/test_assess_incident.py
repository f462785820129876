"""The assessment's own clock check: budgets, windows and freezes are worth nothing under a wrong clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cordon.response.clock_skew import skew

from ..conftest import MORNING


@pytest.mark.parametrize(
    ("seconds", "is_wrong"),
    [(-61, True), (-60, False), (0, False), (900, False), (901, True), (86_400, True), (-86_400, True)],
)
def test_a_clock_that_differs_from_step_functions_is_a_reason_for_a_person(seconds: int, is_wrong: bool) -> None:
    """A minute behind and a quarter of an hour ahead are allowed, since a state may be retried for that long."""
    said = skew(MORNING, MORNING + timedelta(seconds=seconds))
    assert bool(said) is is_wrong
    assert not said or f"{seconds:+d} seconds" in said[0]
