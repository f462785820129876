from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cordon.model.response_policy import ResponsePolicy
from cordon.model.text import quoted
from cordon.response.loosening import acts_alone, loosenings
from hypothesis import given, settings
from hypothesis import strategies as st

from oncall.errors import BadUsage
from oncall.policy.file import policy_of, read_policy
from oncall.policy.remarks import remarks
from oncall.yaml_file.fault import BadFile
from oncall.yaml_file.reading import LONGEST_FILE
from oncall.yaml_file.wording import as_file
from tests.unit.response.policies import policies

ROOT = Path(__file__).parents[4]
NAME = "response-policy.yaml"


def lines(text: str | bytes) -> list[str]:
    """What is told of a file that holds this; none if it holds a policy."""
    told: list[str] = []
    try:
        policy_of(text.encode() if isinstance(text, str) else text, NAME)
    except BadFile as bad:
        told = [*bad.lines, str(bad)]
    assert told[:1] == told[-1:]  # what is told in one line is the first
    return [line.removeprefix(NAME) for line in told[:-1]]


EVERYTHING_WRONG = """\
playbooks:
  contain_thing:
    mode: auto
    severity: {hgih: observe}
    silense: act
budgets:
  - scope: fleet
    things: -3
  - {scope: group, name: 12, things: 1}
  - {scope: fleet}
windows:
  zone: Europe/Berln
  open:
    - {days: [mon, tuesday], start: 8:00, end: 24:00}
freezes:
  - {name: x, zone: UTC, start: 2026-12-24, end: 2026-12-01}
exemptions:
  - {thing: pump-01, owner: plant, reason: moved}
  - {owner: plant, reason: moved, expires: 2027-01-01}
budgets: []
window: {}
leases: !!int 3
people: &someone
  on_call: *someone
"""
ALL_OF_IT = [
    ":3:11: playbooks.contain_thing.mode: found 'auto', expected 'observe', 'approve' or 'automatic'",
    ":4:16: playbooks.contain_thing.severity.hgih: found 'hgih', expected 'low', 'medium', 'high' or 'critical'",
    ":5:5: playbooks.contain_thing.silense: found a field that is not known, expected silence",
    ":8:13: budgets[0].things: found -3, expected 0 or more",
    ":9:26: budgets[1].name: found 12, expected text, in quotes where it looks like something else",
    ':10:5: budgets[2]: found {"scope": "fleet"}, expected things, percent or both',
    ":12:9: windows.zone: found 'Europe/Berln', expected the IANA name of a time zone, such as Europe/Berlin",
    ":14:20: windows.open[0].days[1]: found 'tuesday', expected 'mon', 'tue', 'wed', 'thu', 'fri', 'sat' or 'sun'",
    ":14:37: windows.open[0].start: found '8:00', expected a time of day from 00:00 to 23:59",
    ":14:48: windows.open[0].end: found '24:00', expected a time of day from 00:00 to 23:59",
    ":16:50: freezes[0].end: found '2026-12-01', expected an end after the start",
    ":18:5: exemptions[0].expires: found nothing, expected a value",
    ":19:44: exemptions[1].expires: found '2027-01-01', expected a time with its offset, such as 2026-12-24T18:00Z",
    ":20:1: budgets: found a key that line 6 has, too, expected every key once",
    ":21:1: window: found a field that is not known, expected windows",
    ":22:9: leases: found a tag (tag:yaml.org,2002:int), expected the value alone",
    ":23:9: people: found an anchor (&someone), expected the value alone",
    ":24:12: people.on_call: found an alias (*someone), expected the value itself",
]


def test_every_mistake_is_told_in_the_order_of_its_lines() -> None:
    """Line, column, field, what was found and what was expected, of all that is wrong, and of nothing twice."""
    assert lines(EVERYTHING_WRONG) == ALL_OF_IT


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ":1:1: found nothing, expected the fields of a response policy, of which playbooks must be there"),
        ("# only a comment\n", ":1:1: found nothing, expected the fields"),
        ("null", ":1:1: found nothing, expected the fields"),
        ("- a\n", ":1:1: found a list, expected the fields"),
        ("\n\nplaybooks", ":3:1: found 'playbooks', expected the fields"),
        ("people: {}\n", ":1:1: playbooks: found nothing, expected a value"),
        ("playbooks:\n", ":1:11: playbooks: found nothing, expected an object"),
        ("playbooks: {}\nbudgets: 3\n", ":2:10: budgets: found 3, expected a list"),
        ("playbooks: [", ":1:13: found what is not YAML here (expected the node content"),
        ("playbooks:\n\tcontain_thing: {}\n", ":2:1: found what is not YAML here (found character '\\t' that"),
        ("playbooks: {}\n---\nplaybooks: {}\n", ":2:1: found what is not YAML here (but found another document)"),
        ("? [a]\n: 1\nplaybooks: {}\n", ":1:3: found a key of several parts, expected text"),
        ("playbooks: {}\nx: \x07", ":2:4: found the character U+0007, expected printable text"),
        ("playbooks: {}\n<<: {people: {}}\n", ":2:1: <<: found a field that is not known, expected one of"),
        (b"playbooks: {}\npeople: \xff\xfe", ":2:9: found the byte 0xFF, expected text in UTF-8"),
        (b"\xff\xfep\x00", ":1:1: found the byte 0xFF, expected text in UTF-8"),
        ("playbooks: {}\nx\x1b[31m: 1\n", ":2:2: found the character U+001B, expected printable text"),
        ('playbooks: {}\n"\\e[31m": 1\n', ":2:1: \N{REPLACEMENT CHARACTER}[31m: found a field that is not known"),
        ("a" * (LONGEST_FILE + 1), ":1:1: found a longer file, expected at most 256 kB"),
        ("[" * 100_000, ":1:21: found values that are nested deeper, expected at most 20 levels"),
        ("playbooks: {a: {mode: observe, mode: approve}}", ":1:32: playbooks.a.mode: found a key that line 1 has, too"),
        ('playbooks: {"\\ud800": {mode: observe}}', ":1:13: playbooks.\ufffd: found half a character"),
        ("playbooks: {&a b: {mode: observe}}", ":1:13: playbooks.b: found an anchor (&a), expected the value alone"),
    ],
)  # fmt: skip # a row is a line
def test_what_is_no_policy_is_told_in_one_line(text: str | bytes, told: str) -> None:
    """Empty, a list, no YAML, no UTF-8, too long, too deep, a key twice: the first line names it and its place."""
    found = lines(text)
    assert found[0].startswith(told)
    assert len(found) == 1
    assert found[0].isprintable()


def test_a_billion_laughs_are_a_few_lines() -> None:
    """Aliases of aliases are refused before anything is made of them, each where it stands, and quickly."""
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 10))
    start = time.monotonic()
    found = lines("playbooks: {}\nl0: &l0 [lol]\n" + levels)
    assert time.monotonic() - start < 5
    assert sum("found an anchor" in line for line in found) == 10
    assert sum("found an alias" in line for line in found) == 81


def test_of_too_many_mistakes_the_first_hundred_are_told() -> None:
    """Nobody mends more at once, and a terminal is not flooded."""
    found = lines("playbooks: {}\n" + "".join(f"x{n}: 1\n" for n in range(250)))
    assert (len(found), found[-1]) == (101, ": and 150 more")


WITH_SURPRISES = """\
playbooks: {}
criticality:
  groups: {on: high, no: low, 0123: standard, 12: high, 1e3: low, null: high}
windows:
  zone: UTC
  open: [{days: [mon], start: 08:00, end: 18:30}]
freezes: [{name: no, zone: UTC, start: 2026-12-24, end: 2026-12-25 06:00}]
exemptions: [{thing: yes, owner: ~off~, reason: "null", expires: 2027-01-01T00:00Z}]
people: {on_call: 0x1F}
"""


def test_yaml_has_no_surprises() -> None:
    """What YAML 1.1 takes for true, for octal, for a date or for minutes is the text that stands there."""
    policy = policy_of(WITH_SURPRISES.encode(), NAME)
    assert set(policy.criticality.groups) == {"on", "no", "0123", "12", "1e3", "null"}
    assert policy.windows is not None
    assert (policy.windows.open[0].start, policy.windows.open[0].end) == ("08:00", "18:30")
    assert policy.freezes[0].name == "no"
    assert policy.freezes[0].end.isoformat() == "2026-12-25T06:00:00"
    assert (policy.exemptions[0].thing, policy.exemptions[0].reason) == ("yes", "null")
    assert policy.people.on_call == "0x1F"


@pytest.mark.parametrize(
    ("number", "things"),
    [("3", 3), ("0", 0), ("010", None), ("+3", None), ("3.0", None), ("1_0", None), ("0x3", None), ("'3'", None),
     ("true", None), ("yes", None), ("1" * 5000, None)],
)  # fmt: skip # a table
def test_a_number_is_a_number_of_json(number: str, things: int | None) -> None:
    """No text becomes a number, and no other spelling of one is guessed at."""
    text = f"playbooks: {{}}\nbudgets: [{{scope: fleet, things: {number}}}]\n"
    if things is None:
        assert "expected a whole number" in lines(text)[0]
    else:
        assert policy_of(text.encode(), NAME).budgets[0].things == things


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    """Some editors write one."""
    assert lines(b"\xef\xbb\xbfplaybooks: {}\n") == []


@given(policies)
@settings(max_examples=30, deadline=None)
def test_a_policy_that_is_shown_reads_as_itself(policy: ResponsePolicy) -> None:
    """What `show` prints is a file with the same policy; YAML is JSON's elder, so its JSON is one, too."""
    assert policy_of("\n".join(as_file(policy)).encode(), NAME) == policy
    assert policy_of(policy.canonical.encode(), NAME) == policy


_text, _fields = st.text(max_size=8), st.sampled_from(list(ResponsePolicy.model_fields))
_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text | _fields, inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=60) | _text.map(str.encode) | _json.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_a_file_it_is_a_policy_or_told_where_it_is_not(content: bytes) -> None:
    """No content ends in anything but a policy or printable lines with a place."""
    assert all(line.startswith(":") and line == quoted(line, 10_000)[1:-1] for line in lines(content))


@pytest.mark.parametrize("name", ["no-such-file.yaml", "nul\0", "."])
def test_a_file_that_cannot_be_read_is_bad_usage(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not there, cannot be named, or is a folder."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadUsage, match=r"FILE: found .* expected a file that can be read"):
        read_policy(name)


def test_the_policy_to_start_with_is_careful() -> None:
    """It reads, answers nothing without a person, and says what is safety-critical and what is budgeted."""
    policy = read_policy(str(ROOT / "response-policy.yaml"))
    assert not acts_alone(policy)
    assert remarks(policy, datetime(2026, 11, 23, tzinfo=UTC)) == []
    assert policy.playbooks["contain_thing"].two_approvers == ["safety-critical"]
    assert "safety-critical" in policy.criticality.groups.values()
    assert policy.budgets
    assert loosenings(None, policy, datetime(2026, 11, 23, tzinfo=UTC)) == []
