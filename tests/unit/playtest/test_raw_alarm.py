from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from playtest.run.bad_scenario import BadScenario
from playtest.run.raw_alarm import Event, Message, RawAlarm, posts_in, read_raw_alarm

EVENT = {"source": "aws.guardduty", "detail-type": "GuardDuty Finding", "detail": {}}


@pytest.mark.parametrize(
    ("text", "posts"),
    [
        (json.dumps(EVENT), [Event(EVENT)]),
        (json.dumps({"Records": [{"Sns": {"Message": "a"}}, {"Sns": {"Message": "b"}}]}), [Message("a"), Message("b")]),
        ('{"thingName": "pump-01"}', [Message('{"thingName": "pump-01"}')]),
        ("not JSON", [Message("not JSON")]),
        ("", [Message("")]),
        ("[" * 5000, [Message("[" * 5000)]),
        ('{"Records": []}', [Message('{"Records": []}')]),
        ('{"Records": [{"Sns": null}]}', [Message('{"Records": [{"Sns": null}]}')]),
        ('{"Records": null}', [Message('{"Records": null}')]),
        ("null", [Message("null")]),
    ],
)
def test_each_form_goes_where_aws_would_put_it(text: str, posts: list[Event | Message]) -> None:
    """An event goes on the bus, an envelope's messages and any other text on the topic."""
    assert posts_in(text) == posts


def test_placeholders_are_filled_and_nothing_else_is_touched() -> None:
    """Certificate ids and the time are put in; an IoT policy variable stays as it is."""
    raw = RawAlarm("a", "${certificate-id:pump-01} ${role-id:DeviceRole} ${now} ${iot:ClientId}")
    filled = raw.filled_in(lambda thing: f"<{thing}>", lambda role: f"[{role}]", datetime(2026, 1, 1, tzinfo=UTC))
    assert filled == "<pump-01> [DeviceRole] 1767225600000 ${iot:ClientId}"
    assert (raw.things_named(), raw.roles_named()) == (["pump-01"], ["DeviceRole"])


def test_a_hyphen_is_standard_input() -> None:
    """`-` reads what is piped in."""
    assert read_raw_alarm("-", io.BytesIO(b"text")) == RawAlarm("-", "text")


@pytest.mark.parametrize("name", ["missing.json", "folder", "binary.json", "nul\0.json"])
def test_a_file_that_cannot_be_read_is_bad_usage(tmp_path: Path, name: str) -> None:
    """A missing file, a folder, bytes that are no text and no file name are named with what was expected."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadScenario, match=r"FILE: found .*, expected"):
        read_raw_alarm(str(tmp_path / name), io.BytesIO())


def test_an_empty_name_is_no_file() -> None:
    """It is what a shell makes of a variable that is not set, and not the folder that one stands in."""
    with pytest.raises(BadScenario, match="FILE: found '', expected the name of a file"):
        read_raw_alarm("", io.BytesIO())
