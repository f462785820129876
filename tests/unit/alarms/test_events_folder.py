"""The samples of `events/`: named, listed, in real shapes, and read as their names promise."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cordon.alarms import read_alarms
from cordon.errors import AlarmRejected
from cordon.model.alarm import Alarm, AlarmKind

from .conftest import EVENTS, RECEIVED_AT, Delivered, filled

NAME = re.compile(
    r"(?P<source>[a-z0-9-]+)\.(?P<kind>[a-z0-9-]+)\.(?P<case>[a-z0-9-]+)"
    r"-(?P<outcome>contained|partial|awaiting_approval|escalated|ignored|rejected)\.(?P<ext>json|txt)"
)
ROW = re.compile(r"\| `(?P<file>[^`]+)` \| (?P<form>\w+) \| (?P<what>[^|]+) \| (?P<outcome>\w+) \|")
FILES = sorted(path for path in EVENTS.iterdir() if path.name != "README.md")
LISTED = list(ROW.finditer((EVENTS / "README.md").read_text()))
SNS_LIMIT = 262_144  # bytes that SNS takes in one message

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def parts(path: Path) -> dict[str, str]:
    """The parts of a sample's name."""
    match = NAME.fullmatch(path.name)
    assert match, path.name
    return match.groupdict()


def content(path: Path) -> Any:
    """A sample as JSON, or None for one that is none."""
    try:
        return json.loads(path.read_text())
    except (ValueError, RecursionError):
        return None


def form(path: Path) -> str:
    """Which of the three forms a sample has."""
    sample = content(path)
    if isinstance(sample, dict) and "detail-type" in sample:
        return "EventBridge"
    return "Records" if isinstance(sample, dict) and "Records" in sample else "bare"


def is_routed(path: Path) -> bool:
    """Whether a rule of the template brings the event to triage."""
    sample = content(path)
    return form(path) == "EventBridge" and sample["detail-type"] == "GuardDuty Finding"


def published(path: Path) -> str:
    """What is published to the alarm topic: the bare message, or the one in `Records`."""
    if form(path) != "Records":
        return path.read_text()
    (record,) = content(path)["Records"]
    return str(record["Sns"]["Message"])


@every_file
def test_a_name_says_source_kind_case_and_outcome(path: Path) -> None:
    """`<source>.<kind>.<case>-<outcome>.<ext>`; what is no JSON is .txt."""
    assert parts(path)["ext"] == "txt" or content(path) is not None


def test_the_table_lists_every_file_once_with_its_form_and_outcome() -> None:
    """The table in events/README.md is the folder, no more and no less."""
    listed = {row["file"]: (row["form"], row["outcome"]) for row in LISTED}
    assert len(listed) == len(LISTED)
    assert listed == {path.name: (form(path), parts(path)["outcome"]) for path in FILES}


def test_every_form_kind_and_outcome_occurs() -> None:
    """The set covers what can come in and what can become of it."""
    assert {form(path) for path in FILES} == {"bare", "Records", "EventBridge"}
    assert {kind.value for kind in AlarmKind} <= {parts(path)["kind"] for path in FILES}
    outcomes = {"contained", "partial", "awaiting_approval", "escalated", "ignored", "rejected"}
    assert {parts(path)["outcome"] for path in FILES} == outcomes


def test_every_kind_of_metric_value_occurs() -> None:
    """A contained sample exists for each member of the union."""
    contained = [content(path) for path in FILES if parts(path)["outcome"] == "contained" and form(path) == "bare"]
    members = {member for message in contained for member in message.get("metricValue", {})}
    assert members == {"count", "cidrs", "ports", "number", "numbers", "strings"}


every_routed_event = pytest.mark.parametrize(
    "path", [path for path in FILES if is_routed(path)], ids=lambda path: path.name
)
every_published_file = pytest.mark.parametrize(
    "path", [path for path in FILES if form(path) != "EventBridge"], ids=lambda path: path.name
)


@every_published_file
def test_a_published_sample_is_read_as_its_name_says(path: Path, delivered: Delivered) -> None:
    """Rejected ones are refused; the others are alarms of the kind and source that the name gives."""
    if len(published(path).encode()) > SNS_LIMIT:
        assert parts(path)["outcome"] == "rejected"  # SNS refuses it, so that triage never sees it
        return
    if parts(path)["outcome"] == "rejected":
        with pytest.raises(AlarmRejected):
            read_alarms(delivered(published(path)), received_at=RECEIVED_AT)
        return
    (alarm,) = read_alarms(delivered(published(path)), received_at=RECEIVED_AT)
    assert (alarm.source, alarm.kind) == (parts(path)["source"], parts(path)["kind"])
    assert (alarm.kind is AlarmKind.IN_ALARM) is (parts(path)["outcome"] != "ignored")
    assert Alarm.model_validate_json(alarm.model_dump_json()) == alarm


@every_routed_event
def test_a_finding_is_read_as_its_name_says(path: Path) -> None:
    """Rejected ones are refused within `detail`; ignored ones say why: they are samples, or archived."""
    body = filled(path.read_text())
    if parts(path)["outcome"] == "rejected":
        with pytest.raises(AlarmRejected) as refused:
            read_alarms(body, received_at=RECEIVED_AT)
        assert refused.value.field.startswith("detail")
        return
    (alarm,) = read_alarms(body, received_at=RECEIVED_AT)
    assert (alarm.source, alarm.thing_name) == (parts(path)["source"], None)
    is_ignored = alarm.is_sample or alarm.kind is not AlarmKind.IN_ALARM
    assert is_ignored is (parts(path)["outcome"] == "ignored")
    assert Alarm.model_validate_json(alarm.model_dump_json()) == alarm


@every_file
def test_a_sample_tells_of_autumn_2026(path: Path) -> None:
    """Samples are younger than an alarm's greatest age in a test, save where the time itself is what is wrong."""
    sample = content(path)
    if isinstance(sample, dict) and isinstance(moment := sample.get("violationEventTime"), int):
        is_wrong = any(word in path.name for word in ("from-2001", "from-2126", "in-seconds"))
        assert is_wrong or 1_790_812_800_000 <= moment < 1_796_083_200_000
