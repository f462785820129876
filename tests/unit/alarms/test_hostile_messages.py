from __future__ import annotations

import copy
import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cordon.alarms import read_alarms
from cordon.errors import AlarmRejected
from cordon.incidents.table import encode
from cordon.model.alarm import Alarm
from cordon.model.base import canonical_json
from cordon.model.thing import THING_NAME
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import RECEIVED_AT, Delivered, Load

SAMPLES = ["messages-sent", "source-address", "custom-strings", "statistical", "ml-without-value", "dimension"]
WHOLES = {"body", "Message"}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)
hostile = st.one_of(
    json_values,
    st.sampled_from(
        [
            *(10**30, 10**40 + 1, -(10**400), 1e308, 1791792000, "1791792000000", "54", "", " ", "\x00", "\ud800"),
            *(
                "\u202epump",
                "<b>",
                "${iot:ClientId}",
                "*",
                "x" * 10_240,
                "in-alarm",
                [[]],
                {"": {}},
                {"count": 1},
                {"count": None},
            ),
        ]
    ),
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place of a JSON value, from the outside in."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(child, (*path, key))


def put(message: Any, path: tuple[str | int, ...], value: object, *, drop: bool) -> Any:
    """Return a copy of the message with `value` at a place, or with nothing there."""
    message = copy.deepcopy(message)
    part = message
    for step in path[:-1]:
        part = part[step]
    if drop:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return message


def leads_into(field: str, message: Any) -> bool:
    """Say whether a rejection's field is a path of the message; its last step alone may be what is missing."""
    *parents, _ = re.findall(r"[^.\[\]]+", field)
    part = message
    for step in parents:
        if isinstance(part, list):
            part = part[int(step)]
        elif isinstance(part, dict) and step in part:
            part = part[step]
        else:
            return False
    return isinstance(part, dict | list)


def judged(body: str) -> Alarm | AlarmRejected:
    """Read a body. Any error but the two that refuse an alarm leaves, and fails the test."""
    try:
        (alarm,) = read_alarms(body, received_at=RECEIVED_AT)
    except AlarmRejected as refusal:
        return refusal
    return alarm


def controls(text: str) -> set[str]:
    """The control and format characters of a text: what could rewrite a terminal, a log line or a sentence."""
    return {character for character in text if unicodedata.category(character)[0] == "C"}


def assert_safe(outcome: Alarm | AlarmRejected, message: Any) -> None:
    """An alarm is whole and fits a row; a rejection names a field of the message, without control characters."""
    if isinstance(outcome, Alarm):
        assert encode(outcome.model_dump(mode="json"))
        assert Alarm.model_validate_json(outcome.model_dump_json()) == outcome
        assert outcome.thing_name
        assert THING_NAME.fullmatch(outcome.thing_name)
        assert len(canonical_json(outcome.model_dump(mode="json"))) < 50_000
        assert not controls(outcome.summary)
    else:
        assert outcome.field in WHOLES or leads_into(outcome.field, message)
        assert outcome.found
        assert outcome.expected
        assert not controls(str(outcome))
        assert len(str(outcome)) < 600


@given(text=st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
@settings(deadline=None)
def test_any_text_in_the_queue_is_refused(text: str) -> None:
    """What is not even JSON ends as a rejection."""
    assert isinstance(judged(text), AlarmRejected)


@given(value=json_values)
@settings(deadline=None)
def test_any_json_in_the_queue_or_on_the_topic_is_refused(delivered: Delivered, value: object) -> None:
    """JSON that is no alarm ends as a rejection, wherever it lies."""
    text = json.dumps(value)
    assert_safe(judged(text), value)
    assert_safe(judged(delivered(text)), value)


@pytest.mark.parametrize("sample", SAMPLES)
@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_a_damaged_alert_is_an_alarm_or_refused(
    load_event: Load, delivered: Delivered, sample: str, data: st.DataObject
) -> None:
    """Drop, null, retype or blow up any one field: nothing but an alarm or a refusal comes of it."""
    message = load_event(f"device-defender-detect.in-alarm.{sample}")
    path = data.draw(st.sampled_from(list(places(message))))
    damaged = put(message, path, data.draw(hostile), drop=data.draw(st.booleans()))
    assert_safe(judged(delivered(json.dumps(damaged))), damaged)


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_a_damaged_notification_is_an_alarm_or_refused(
    load_event: Load, delivered: Delivered, data: st.DataObject
) -> None:
    """The same for what SNS writes around the alert."""
    message = json.loads(delivered(json.dumps(load_event("device-defender-detect.in-alarm.messages-sent"))))
    path = data.draw(st.sampled_from(list(places(message))))
    damaged = put(message, path, data.draw(hostile), drop=data.draw(st.booleans()))
    assert_safe(judged(json.dumps(damaged)), damaged)


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_a_damaged_event_is_refused(load_event: Load, data: st.DataObject) -> None:
    """The same for an event of EventBridge that no source reads."""
    message = load_event("guardduty.api-call.decoy")
    path = data.draw(st.sampled_from(list(places(message))))
    damaged = put(message, path, data.draw(hostile), drop=data.draw(st.booleans()))
    outcome = judged(json.dumps(damaged))
    assert isinstance(outcome, AlarmRejected)
    assert_safe(outcome, damaged)


@pytest.mark.parametrize("levels", [70, 500, 5_000, 100_000])
@pytest.mark.parametrize("brackets", ["[]", ['{"a":', "}"]], ids=["lists", "objects"])
def test_nesting_never_ends_a_function(load_event: Load, delivered: Delivered, levels: int, brackets: str) -> None:
    """JSON that is deep enough to exhaust a parser's stack is refused like any other."""
    message = json.dumps({**load_event("device-defender-detect.in-alarm.messages-sent"), "extra": "HERE"})
    nested = message.replace('"HERE"', brackets[0] * levels + "1" + brackets[1] * levels)
    outcome = judged(delivered(nested))
    assert isinstance(outcome, AlarmRejected)
    assert outcome.field in WHOLES


@given(moment=st.datetimes(datetime(2018, 1, 1), datetime(2026, 11, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - Hypothesis takes its bounds without a zone
@settings(deadline=None)
def test_every_time_since_the_announcement_comes_through(
    load_event: Load, delivered: Delivered, moment: datetime
) -> None:
    """Milliseconds are read as they were written."""
    millis = int(moment.timestamp() * 1000)
    message = {**load_event("device-defender-detect.in-alarm.messages-sent"), "violationEventTime": millis}
    outcome = judged(delivered(json.dumps(message)))
    assert isinstance(outcome, Alarm)
    assert round(outcome.raised_at.timestamp() * 1000) == millis
