"""One logger and one way to count, for every function. Nothing of the environment is read at import."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

if TYPE_CHECKING:
    from aws_lambda_powertools import Tracer


@cache
def logger() -> Logger:
    """Return the JSON logger; its level and service name come from POWERTOOLS_… in the template."""
    return Logger()


@cache
def tracer() -> Tracer:
    """Return the tracer. Imported here: it loads aws-xray-sdk, which costs more than the rest of a step's start."""
    from aws_lambda_powertools import Tracer  # noqa: PLC0415 - only triage pays for it

    return Tracer()


def count(metric: str, value: float = 1, unit: MetricUnit = MetricUnit.Count) -> None:
    """Write one value of a metric of ours, in CloudWatch's embedded format."""
    # Ephemeral: the ordinary Metrics object is shared, and two handlers of one local AWS would mix their values.
    metrics = EphemeralMetrics()
    metrics.add_metric(name=metric, unit=unit, value=value)
    metrics.flush_metrics()


def measure_seconds(metric: str, seconds: float) -> None:
    """Write one duration, in seconds."""
    count(metric, seconds, MetricUnit.Seconds)
