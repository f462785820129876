"""What an answer would have cost in AWS: counted use at list prices.

An estimate, and said to be one: functions are as slow as this machine, capacity units are counted from the size of what
was written, reads of S3, IoT registry calls, CloudWatch and log storage are left out, and so is the free tier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from playtest.result import Cost, CostItem

_MILLION = 1_000_000


@dataclass(frozen=True)
class Usage:
    """What was used of each priced unit. Names are those of `PRICES`."""

    state_transitions: float = 0
    lambda_requests: float = 0
    lambda_gb_seconds: float = 0
    bus_events: float = 0
    table_write_units: float = 0
    table_read_units: float = 0
    objects_written: float = 0
    topic_messages: float = 0
    queue_requests: float = 0
    traces: float = 0


@dataclass(frozen=True)
class Price:
    """The list price of one unit, in dollars."""

    service: str
    unit: str
    dollars: float


# AWS price list, us-east-1, 2026-11 (AWS-FACTS 5); Lambda on arm64. The first tier, without the free one.
PRICES: Mapping[str, Price] = {
    "state_transitions": Price("Step Functions", "state transitions", 0.025 / 1_000),
    "lambda_requests": Price("Lambda", "requests", 0.20 / _MILLION),
    "lambda_gb_seconds": Price("Lambda", "GB-seconds", 0.0000133334),
    "bus_events": Price("EventBridge", "custom events", 1.00 / _MILLION),
    "table_write_units": Price("DynamoDB", "write units", 0.625 / _MILLION),
    "table_read_units": Price("DynamoDB", "read units", 0.125 / _MILLION),
    "objects_written": Price("S3", "PUTs", 0.005 / 1_000),
    "topic_messages": Price("SNS", "messages", 0.50 / _MILLION),
    "queue_requests": Price("SQS", "requests", 0.40 / _MILLION),
    "traces": Price("X-Ray", "traces", 5.00 / _MILLION),
}


def cost_of(usage: Usage) -> Cost:
    """Return the dollars of `usage`, by service; what was not used is not listed."""
    items = [
        _item(PRICES[field.name], float(getattr(usage, field.name)))
        for field in fields(usage)
        if getattr(usage, field.name)
    ]
    return Cost(dollars=round(sum(item.dollars for item in items), 9), services=items)


def _item(price: Price, count: float) -> CostItem:
    return CostItem(
        service=price.service, unit=price.unit, count=round(count, 6), dollars=round(count * price.dollars, 9)
    )
