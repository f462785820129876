from __future__ import annotations

import io

import pytest
from rich.console import Console

from playtest.report.page import _cost, show_beginning
from playtest.result import Cost, CostItem
from playtest.run.raw_alarm import RawAlarm
from playtest.run.scenario import scenario

ONE = CostItem(service="SNS", unit="messages", count=1, dollars=2e-6)
FOUR = [ONE.model_copy(update={"service": name}) for name in ("SQS", "Lambda", "S3", "X-Ray")]


def begun(*with_things: str) -> list[str]:
    """What is printed before a run with these things, line by line."""
    out = io.StringIO()
    show_beginning(Console(file=out, width=100), scenario([RawAlarm("a.json", "{}")], with_things=with_things))
    return out.getvalue().splitlines()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("press-07:site=hall-b,line=2", "with the thing press-07, site=hall-b, line=2"),
        ("press-07:site", "with the thing press-07:site, without attributes"),
    ],
)
def test_an_added_thing_is_told_with_the_attributes_that_it_has(asked: str, told: str) -> None:
    """A colon is a letter of a name too: whoever forgot the value of an attribute sees that there is none."""
    assert begun(asked)[-1].strip() == told


@pytest.mark.parametrize(
    ("services", "told"),
    [
        ([], "Cost  $0.000000  nothing was used"),
        ([ONE], "Cost  $0.000002  SNS $0.000002"),
        (FOUR, "Cost  $0.000008  SQS $0.000002, Lambda $0.000002, S3 $0.000002, others less"),
    ],
)
def test_the_cost_names_the_dearest_and_no_others_where_there_are_none(services: list[CostItem], told: str) -> None:
    """Of what nothing was used of, nothing is named; of many services the three that cost most."""
    first = next(_cost(Cost(dollars=sum(item.dollars for item in services), services=services)))
    assert str(first) == told
