"""A Device Defender Detect alert as AWS sends it over SNS. Field for field AWS IoT's `ViolationEvent`.

Shapes and enumerations are those of botocore's `iot` model, 2015-05-28, and of captured messages (AWS-FACTS 2). Numbers
must be JSON numbers. Fields that we do not know are kept. Names of profiles and behaviors are taken as they are, since
nothing is decided by them: they are cut and escaped where they are shown. `null` stands for absent, as in the API.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from cordon.model.thing import THING_NAME


def _is_thing_name(text: str) -> str:
    """Keep AWS IoT's own rule: what breaks it names no thing, and never gets near a call or a policy."""
    if THING_NAME.fullmatch(text):
        return text
    raise PydanticCustomError("thing_name", "a thing name of AWS IoT: 1 to 128 of a-z A-Z 0-9 : _ -")


Name = Annotated[str, Field(min_length=1)]
UnsignedLong = Annotated[int, Field(ge=0, le=2**64 - 1)]
# An `integer` of AWS has 32 bits, and DynamoDB would refuse a row with a number of more than 38 digits.
Seconds = Annotated[int, Field(ge=0, le=2**31 - 1)]
Datapoints = Annotated[int, Field(ge=1, le=2**31 - 1)]
Cidr = Annotated[str, Field(pattern=r"^[a-fA-F0-9:./]{2,43}$")]
Port = Annotated[int, Field(ge=0, le=65535)]
Confidence: TypeAlias = Literal["LOW", "MEDIUM", "HIGH"]
Operator: TypeAlias = Literal[
    "less-than",
    "less-than-equals",
    "greater-than",
    "greater-than-equals",
    "in-cidr-set",
    "not-in-cidr-set",
    "in-port-set",
    "not-in-port-set",
    "in-set",
    "not-in-set",
]
Detection: TypeAlias = Literal["rule", "statistical", "ml", "unspecified"]
MetricContent: TypeAlias = int | float | list[int] | list[float] | list[str]
VerificationState: TypeAlias = Literal["FALSE_POSITIVE", "BENIGN_POSITIVE", "TRUE_POSITIVE", "UNKNOWN"]


class _Part(BaseModel):
    """A part of the message: camelCase outside, strict types, unknown fields kept."""

    model_config = ConfigDict(
        extra="allow",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        defer_build=True,  # only the whole message is ever validated: a quarter of this room's import time
    )


class MetricValue(_Part):
    """What was measured, or what is compared with: exactly one member is there."""

    count: UnsignedLong | None = None
    cidrs: Annotated[list[Cidr], Field(fail_fast=True)] | None = None
    ports: Annotated[list[Port], Field(fail_fast=True)] | None = None
    number: float | None = None
    numbers: Annotated[list[float], Field(fail_fast=True)] | None = None
    strings: Annotated[list[str], Field(fail_fast=True)] | None = None

    @property
    def members(self) -> dict[str, MetricContent]:
        """The members that are there, by their names in AWS."""
        values: dict[str, MetricContent | None] = {
            "count": self.count,
            "cidrs": self.cidrs,
            "ports": self.ports,
            "number": self.number,
            "numbers": self.numbers,
            "strings": self.strings,
        }
        return {name: value for name, value in values.items() if value is not None}

    @model_validator(mode="after")
    def _holds_one(self) -> Self:
        if len(self.members) != 1:
            raise PydanticCustomError("one_member", "exactly one of count, cidrs, ports, number, numbers, strings")
        return self


class StatisticalThreshold(_Part):
    """The percentile (`p90`, `p99.9`) of the fleet's own measurements that is compared with."""

    statistic: Annotated[str, Field(pattern=r"^p[0-9]{1,3}(\.[0-9]{1,2})?$")] | None = None


class MlDetectionConfig(_Part):
    """How sure ML Detect must be before it raises an alarm."""

    confidence_level: Confidence = Field(alias="confidenceLevel")


class Criteria(_Part):
    """What is normal for the metric. Which member is there says how the alarm was found."""

    comparison_operator: Operator | None = Field(default=None, alias="comparisonOperator")
    value: MetricValue | None = None
    duration_seconds: Seconds | None = Field(default=None, alias="durationSeconds")
    consecutive_datapoints_to_alarm: Datapoints | None = Field(default=None, alias="consecutiveDatapointsToAlarm")
    consecutive_datapoints_to_clear: Datapoints | None = Field(default=None, alias="consecutiveDatapointsToClear")
    statistical_threshold: StatisticalThreshold | None = Field(default=None, alias="statisticalThreshold")
    ml_detection_config: MlDetectionConfig | None = Field(default=None, alias="mlDetectionConfig")

    @property
    def detection(self) -> Detection:
        """How Device Defender came to the alarm."""
        if self.value is not None:
            return "rule"
        if self.statistical_threshold is not None:
            return "statistical"
        return "ml" if self.ml_detection_config is not None else "unspecified"

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        kinds = (self.value, self.statistical_threshold, self.ml_detection_config)
        if sum(kind is not None for kind in kinds) > 1:
            raise PydanticCustomError("one_kind", "one of value, statisticalThreshold, mlDetectionConfig")
        return self


class MetricDimension(_Part):
    """The part of the metric that the behavior looks at, such as the messages of some topics only."""

    dimension_name: Name = Field(alias="dimensionName")
    operator: Literal["IN", "NOT_IN"] | None = None


class Behavior(_Part):
    """The behavior that was broken. The API lets criteria be absent, so we do: the thing is still in alarm."""

    name: Name
    metric: Name
    metric_dimension: MetricDimension | None = Field(default=None, alias="metricDimension")
    criteria: Criteria | None = None
    suppress_alerts: bool | None = Field(default=None, alias="suppressAlerts")


class AdditionalInfo(_Part):
    """How sure ML Detect is of this alarm."""

    confidence_level: Confidence | None = Field(default=None, alias="confidenceLevel")


class ViolationEvent(_Part):
    """The whole message. `violation_event_time` is in epoch milliseconds here; the API of AWS IoT says seconds."""

    violation_event_type: Literal["in-alarm", "alarm-cleared", "alarm-invalidated"] = Field(alias="violationEventType")
    violation_event_time: int = Field(alias="violationEventTime")
    violation_id: str = Field(alias="violationId", pattern=r"^[a-zA-Z0-9-]{1,128}$")
    thing_name: Annotated[str, AfterValidator(_is_thing_name)] = Field(alias="thingName")
    security_profile_name: Name = Field(alias="securityProfileName")
    behavior: Behavior
    metric_value: MetricValue | None = Field(default=None, alias="metricValue")
    violation_event_additional_info: AdditionalInfo | None = Field(default=None, alias="violationEventAdditionalInfo")
    verification_state: VerificationState | None = Field(default=None, alias="verificationState")

    @property
    def detection(self) -> Detection:
        """How Device Defender came to the alarm."""
        return self.behavior.criteria.detection if self.behavior.criteria else "unspecified"

    @property
    def confidence(self) -> Confidence | None:
        """How sure ML Detect is: of this alarm, or else at least what the behavior asks for."""
        additional, criteria = self.violation_event_additional_info, self.behavior.criteria
        if additional and additional.confidence_level:
            return additional.confidence_level
        return criteria.ml_detection_config.confidence_level if criteria and criteria.ml_detection_config else None
