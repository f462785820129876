from __future__ import annotations

from typing import Any, get_args

import botocore.session
import pytest
from cordon.alarms import device_defender_message
from cordon.errors import AlarmRejected
from pydantic import BaseModel

from .conftest import Load, Read, changed

RULE = "device-defender-detect.in-alarm.messages-sent"
DATAPOINTS = "behavior.criteria.consecutiveDatapoints"
STATISTICAL = "behavior.criteria.statisticalThreshold"
IN_ALARM = "device-defender-detect.in-alarm."


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("violationEventTime", "1791792000000", "violationEventTime"),
        ("violationEventTime", 1791792000000.5, "violationEventTime"),
        ("violationEventTime", True, "violationEventTime"),
        ("violationEventTime", 10**4000, "violationEventTime"),
        ("violationEventTime", -1, "violationEventTime"),
        ("violationId", "", "violationId"),
        ("violationId", "a\nb", "violationId"),
        ("violationId", "x" * 129, "violationId"),
        ("securityProfileName", "", "securityProfileName"),
        ("behavior.name", None, "behavior.name"),
        ("behavior.metric", "", "behavior.metric"),
        ("behavior.criteria", [], "behavior.criteria"),
        ("behavior.criteria.comparisonOperator", "almost", "behavior.criteria.comparisonOperator"),
        ("behavior.criteria.durationSeconds", "300", "behavior.criteria.durationSeconds"),
        ("behavior.criteria.durationSeconds", 2**31, "behavior.criteria.durationSeconds"),
        (f"{DATAPOINTS}ToAlarm", 10**50 + 1, f"{DATAPOINTS}ToAlarm"),
        (f"{DATAPOINTS}ToClear", 10**50 + 1, f"{DATAPOINTS}ToClear"),
        ("behavior.criteria.value", {"count": "10"}, "behavior.criteria.value.count"),
        ("behavior.criteria.value", {}, "behavior.criteria.value"),
        ("behavior.criteria.mlDetectionConfig", {"confidenceLevel": "HIGH"}, "behavior.criteria"),
        ("behavior.criteria.mlDetectionConfig", {}, "behavior.criteria.mlDetectionConfig.confidenceLevel"),
        ("behavior.criteria.statisticalThreshold", {"statistic": "most"}, f"{STATISTICAL}.statistic"),
        ("behavior.metricDimension", {}, "behavior.metricDimension.dimensionName"),
        ("behavior.suppressAlerts", "no", "behavior.suppressAlerts"),
        ("metricValue", {}, "metricValue"),
        ("metricValue", {"future": 1}, "metricValue"),
        ("metricValue", {"count": 1, "number": 1.0}, "metricValue"),
        ("metricValue", {"count": -1}, "metricValue.count"),
        ("metricValue", {"count": True}, "metricValue.count"),
        ("metricValue", {"ports": [22, 65536]}, "metricValue.ports[1]"),
        ("metricValue", {"cidrs": ["10.0.0.0/8", "pump"]}, "metricValue.cidrs[1]"),
        ("metricValue", {"number": "1.5"}, "metricValue.number"),
        ("metricValue", {"number": 10**400}, "metricValue.number"),
        ("metricValue", {"numbers": [1, None]}, "metricValue.numbers[1]"),
        ("metricValue", {"strings": "sshd"}, "metricValue.strings"),
        ("metricValue", None, "metricValue"),
        ("violationEventAdditionalInfo", {"confidenceLevel": "SURE"}, "violationEventAdditionalInfo.confidenceLevel"),
        ("verificationState", "MAYBE", "verificationState"),
    ],
)
def test_what_cannot_be_trusted_is_rejected_by_its_path(
    load_event: Load, read: Read, path: str, value: object, field: str
) -> None:
    """The rejection names the field as a path into the message, with what was found there."""
    with pytest.raises(AlarmRejected) as caught:
        read(changed(load_event(RULE), path, value))
    assert caught.value.field == field
    assert caught.value.found
    assert caught.value.expected


def test_a_number_as_text_is_found_and_expected_in_words(load_event: Load, read: Read) -> None:
    """Whoever reads the rejected queue sees what was wrong without opening the evidence."""
    with pytest.raises(AlarmRejected) as caught:
        read(load_event(IN_ALARM + "count-as-string"))
    assert str(caught.value) == "behavior.criteria.value.count: found '10', expected a whole number"


@pytest.mark.parametrize("field", ["durationSeconds", "consecutiveDatapointsToAlarm", "comparisonOperator"])
def test_null_stands_for_absent_where_aws_lets_a_field_be_absent(load_event: Load, read: Read, field: str) -> None:
    """Serializers write absent members as null."""
    assert read(changed(load_event(RULE), f"behavior.criteria.{field}", None)).thing_name == "pump-01"


@pytest.mark.parametrize(
    ("shape", "ours"),
    [
        ("ComparisonOperator", device_defender_message.Operator),
        ("VerificationState", device_defender_message.VerificationState),
        ("ConfidenceLevel", device_defender_message.Confidence),
    ],
)
def test_enumerations_are_those_of_aws(shape: str, ours: Any) -> None:
    """AWS IoT's own model, which botocore carries, is the authority: a new value there fails here."""
    model: Any = botocore.session.get_session().get_service_model("iot")
    assert set(model.shape_for(shape).enum) == set(get_args(ours))


def test_fields_are_those_of_aws() -> None:
    """Every member of ViolationEvent that is read is spelt as botocore's model spells it."""
    model: Any = botocore.session.get_session().get_service_model("iot")
    pairs: dict[str, type[BaseModel]] = {
        "ViolationEvent": device_defender_message.ViolationEvent,
        "Behavior": device_defender_message.Behavior,
        "BehaviorCriteria": device_defender_message.Criteria,
        "MetricValue": device_defender_message.MetricValue,
        "MetricDimension": device_defender_message.MetricDimension,
    }
    for shape, ours in pairs.items():
        spelt = {field.alias or name for name, field in ours.model_fields.items()}
        assert spelt <= set(model.shape_for(shape).members)
