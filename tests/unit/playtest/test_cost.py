from __future__ import annotations

from dataclasses import fields

import pytest

from playtest.cost import PRICES, Usage, cost_of
from playtest.run.usage import write_units


def test_every_unit_of_use_has_a_price() -> None:
    """Nothing can be counted that has no price, and no price stands for nothing."""
    assert set(PRICES) == {field.name for field in fields(Usage)}


@pytest.mark.parametrize(
    ("used", "dollars"),
    [
        (Usage(), 0.0),
        (Usage(state_transitions=1000), 0.025),
        (Usage(lambda_requests=1_000_000), 0.20),
        (Usage(lambda_gb_seconds=1000), 0.0133334),
        (Usage(bus_events=1_000_000), 1.0),
        (Usage(table_write_units=1_000_000, table_read_units=1_000_000), 0.75),
        (Usage(objects_written=1000), 0.005),
        (Usage(topic_messages=1_000_000, queue_requests=1_000_000), 0.90),
        (Usage(traces=1_000_000), 5.0),
    ],
)
def test_use_costs_what_the_price_list_says(used: Usage, dollars: float) -> None:
    """Each unit has the us-east-1 list price of AWS-FACTS 5."""
    assert cost_of(used).dollars == pytest.approx(dollars)


def test_what_was_not_used_is_not_listed() -> None:
    """The services of a cost are those that were used, with their counts."""
    cost = cost_of(Usage(state_transitions=12))
    assert [(item.service, item.count) for item in cost.services] == [("Step Functions", 12)]


@pytest.mark.parametrize(
    ("operation", "params", "units"),
    [
        ("GetItem", {"Key": {}}, 0),
        ("UpdateItem", {"Key": {}}, 1),
        ("PutItem", {"Item": {"text": {"S": "x" * 2000}}}, 2),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"Item": {}}}, {"ConditionCheck": {"Key": {}}}]}, 4),
    ],
)
def test_a_transaction_costs_double_and_a_write_by_the_kilobyte(
    operation: str, params: dict[str, object], units: int
) -> None:
    """Write units follow from what a call writes."""
    assert write_units(operation, params) == units
