"""What a Detect alert says, cut to a size that fits any row and any page: the facts, and one sentence."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from cordon.alarms.device_defender_message import (
    Confidence,
    Criteria,
    Detection,
    MetricContent,
    MetricValue,
    Operator,
    VerificationState,
    ViolationEvent,
)
from cordon.model.base import Word
from cordon.model.text import escaped, shortened

MOST_ENTRIES = 20
"""Entries of a list that are kept; the whole list is in the evidence."""
LONGEST_TEXT = 128
"""Characters of one text that are kept: AWS allows no longer name."""
SMALLEST_NUMBER, LARGEST_NUMBER = 1e-100, 1e100
SPOKEN_ENTRIES = 3
SPOKEN_LENGTH = 64

MetricOrigin: TypeAlias = Literal["cloud", "device", "custom", "unknown"]

CLOUD_METRICS = frozenset(
    {
        "aws:message-byte-size",
        "aws:num-messages-sent",
        "aws:num-messages-received",
        "aws:num-authorization-failures",
        "aws:source-ip-address",
        "aws:num-connection-attempts",
        "aws:num-disconnects",
        "aws:disconnect-duration",
    }
)
"""What AWS IoT measures itself: a device cannot lie about it."""
DEVICE_METRICS = frozenset(
    {
        "aws:all-bytes-in",
        "aws:all-bytes-out",
        "aws:all-packets-in",
        "aws:all-packets-out",
        "aws:destination-ip-addresses",
        "aws:listening-tcp-ports",
        "aws:listening-udp-ports",
        "aws:num-listening-tcp-ports",
        "aws:num-listening-udp-ports",
        "aws:num-established-tcp-connections",
    }
)
"""What an agent on the device reports."""


class MeasuredValue(Word):
    """A metric value: its member's name in AWS, at most `MOST_ENTRIES` entries, and how many there were.

    A number that DynamoDB could not hold stands as text.
    """

    kind: str
    content: MetricContent | str | list[float | str]
    entries: int | None = None
    """How long the list was before it was cut; None for a single number."""


class NormalBehavior(Word):
    """The behavior's criteria: what would have been normal."""

    operator: Operator | None
    value: MeasuredValue | None
    statistic: str | None
    confidence: Confidence | None
    duration_seconds: int | None
    datapoints_to_alarm: int | None
    datapoints_to_clear: int | None


class Dimension(Word):
    """The part of the metric that was looked at."""

    name: str
    operator: Literal["IN", "NOT_IN"] | None


class DetectFacts(Word):
    """What becomes `Alarm.details`. Texts come from outside as they are, cut, not escaped."""

    security_profile: str
    behavior: str
    metric: str
    metric_origin: MetricOrigin
    metric_dimension: Dimension | None
    detection: Detection
    value: MeasuredValue | None
    normal: NormalBehavior | None
    confidence: Confidence | None
    suppress_alerts: bool
    verification_state: VerificationState | None


def facts_of(event: ViolationEvent) -> dict[str, Any]:
    """Return the facts of an alert as JSON, without those that are not there; under 20 kB whatever came in."""
    behavior = event.behavior
    facts = DetectFacts(
        security_profile=_cut(event.security_profile_name),
        behavior=_cut(behavior.name),
        metric=_cut(behavior.metric),
        metric_origin=origin_of(behavior.metric),
        metric_dimension=_dimension(event),
        detection=event.detection,
        value=_measured(event.metric_value),
        normal=_normal(behavior.criteria) if behavior.criteria else None,
        confidence=event.confidence,
        suppress_alerts=behavior.suppress_alerts or False,
        verification_state=event.verification_state,
    )
    return facts.model_dump(mode="json", exclude_none=True)


def origin_of(metric: str) -> MetricOrigin:
    """Say who measured. Names that begin with `aws:` are AWS's own; one that we do not know is newer than we are."""
    if metric in CLOUD_METRICS:
        return "cloud"
    if metric in DEVICE_METRICS:
        return "device"
    return "unknown" if metric.startswith("aws:") else "custom"


def summary_of(event: ViolationEvent) -> str:
    """Say the alarm in one sentence, with everything from outside escaped: it may be shown as it is."""
    thing, behavior = escaped(event.thing_name), event.behavior
    which = f"behavior {_spoken(behavior.name)} of security profile {_spoken(event.security_profile_name)}"
    if event.violation_event_type == "alarm-cleared":
        return f"Device Defender cleared the alarm of {thing} for {which}."
    if event.violation_event_type == "alarm-invalidated":
        return f"Device Defender withdrew the alarm of {thing} for {which} as invalid."
    return f"{thing} broke {which}: {_spoken(behavior.metric)} {_found(event)}."


def _found(event: ViolationEvent) -> str:
    criteria, value = event.behavior.criteria, event.metric_value
    if event.detection == "ml":
        amount = f"{_said(value)}, " if value else ""
        return f"was {amount}unusual to ML Detect with {event.confidence} confidence"
    was = f"was {_said(value)}" if value else "was not normal"
    if criteria is None or criteria.comparison_operator is None:
        return was
    return f"{was}, while {criteria.comparison_operator} {_yardstick(criteria)} is normal"


def _yardstick(criteria: Criteria) -> str:
    if criteria.statistical_threshold:
        return f"percentile {criteria.statistical_threshold.statistic or 'not given'} of all devices"
    return _said(criteria.value) if criteria.value else "what is not given"


def _said(value: MetricValue) -> str:
    ((_, content),) = value.members.items()
    entries = content if isinstance(content, list) else [content]
    first = ", ".join(_entry(entry) for entry in entries[:SPOKEN_ENTRIES]) or "an empty list"
    more = len(entries) - SPOKEN_ENTRIES
    return f"{first} and {more} more" if more > 0 else first


def _entry(entry: float | str) -> str:
    return f"{entry:.15g}" if isinstance(entry, float) else _spoken(str(entry))


def _spoken(text: str) -> str:
    return escaped(text, SPOKEN_LENGTH)


def _cut(text: str) -> str:
    return shortened(text, LONGEST_TEXT)


def _measured(value: MetricValue | None) -> MeasuredValue | None:
    if value is None:
        return None
    ((kind, content),) = value.members.items()
    if not isinstance(content, list):
        return MeasuredValue(kind=kind, content=_storable(content))
    kept = [_storable(entry) for entry in content[:MOST_ENTRIES]]
    return MeasuredValue.model_validate({"kind": kind, "content": kept, "entries": len(content)})


def _storable(entry: float | str) -> float | str:
    """Cut a text; write a number down as text where DynamoDB, which holds 1e-130 to 9.9e125, would refuse the row."""
    if isinstance(entry, str):
        return _cut(entry)
    is_held = entry == 0 or SMALLEST_NUMBER <= abs(entry) <= LARGEST_NUMBER
    return entry if is_held else repr(entry)


def _normal(criteria: Criteria) -> NormalBehavior:
    threshold, learned = criteria.statistical_threshold, criteria.ml_detection_config
    return NormalBehavior(
        operator=criteria.comparison_operator,
        value=_measured(criteria.value),
        statistic=threshold.statistic if threshold else None,
        confidence=learned.confidence_level if learned else None,
        duration_seconds=criteria.duration_seconds,
        datapoints_to_alarm=criteria.consecutive_datapoints_to_alarm,
        datapoints_to_clear=criteria.consecutive_datapoints_to_clear,
    )


def _dimension(event: ViolationEvent) -> Dimension | None:
    dimension = event.behavior.metric_dimension
    if dimension is None:
        return None
    return Dimension(name=_cut(dimension.dimension_name), operator=dimension.operator)
