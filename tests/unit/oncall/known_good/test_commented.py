from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cordon.model.known_good import KnownGood
from hypothesis import example, given, settings
from hypothesis import strategies as st

from oncall.errors import Failed
from oncall.known_good.commented import CapturedFrom, as_commented_file
from oncall.known_good.file import KNOWN_GOOD
from oncall.yaml_file.reading import LONGEST_FILE, held_by

AT = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
LEAST: dict[str, Any] = {"thing_type": "pump", "policies": ["plant-device"]}
FIRMWARE = {"package": "pump-firmware", "version": "2.10", "sha256": "1" * 64}


def captured(*remarks: str, **said: Any) -> list[str]:
    """The lines of the file for a known-good of pump-01, of which the desk remarked this."""
    about = CapturedFrom("pump-01", AT, list(remarks))
    return as_commented_file(KnownGood.model_validate({**LEAST, **said}), about)


def comments(lines: list[str], field: str) -> str:
    """What stands above a field, on one line."""
    above = lines[: next(place for place, line in enumerate(lines) if line.startswith(f"{field}:"))]
    last = len(above) - above[::-1].index("") if "" in above else 0
    return " ".join(line.removeprefix("# ") for line in above[last:])


_text = st.text(max_size=12)
_pointers = _text.map(lambda key: "/" + key.replace("~", "~0").replace("/", "~1"))
_values = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_text, inner, max_size=2),
    max_leaves=5,
)


@given(st.dictionaries(_pointers, _values, max_size=4))
@example({"/a\n# b": "x\ny: 1", "/c: d": "# e", "/\u2028": "1e3", "/ #": "{thing}\n", "/\x1b[31m": "[1]"})
@settings(max_examples=100, deadline=None)
def test_whatever_a_shadow_holds_the_file_reads_as_what_was_captured(desired: dict[str, Any]) -> None:
    """No key and no value becomes a comment, or another value; what the comments tell of them stays a comment."""
    lines = captured(*desired, shadow={"desired": desired})
    known = held_by(KNOWN_GOOD, "\n".join(lines).encode(), "file")
    assert known == KnownGood.model_validate({**LEAST, "shadow": {"desired": desired}})
    assert all(line.isprintable() for line in lines if line.startswith("#"))


def test_every_field_has_something_to_look_at_above_it() -> None:
    """Also those about which nothing is special."""
    lines = captured()
    for field in set(KnownGood.model_fields) - {"schema_version", "thing_type"}:
        assert comments(lines, field), field
    assert comments(lines, "schema_version").startswith(
        "A known-good of things of the type pump, captured from pump-01 at 2026-11-23T19:00:00+00:00."
    )


def test_it_says_what_was_not_captured() -> None:
    """Firmware that nobody knows is named as such, and only then; the desk's reason is among the first lines."""
    lines = captured("it reports no package", "its certificates have different policies")
    assert lines[4:7] == [
        "# Look at this first, of pump-01:",
        "# - it reports no package",
        "# - its certificates have different policies",
    ]
    assert comments(lines, "firmware") == "Not captured, for the reason above: as it is, firmware is not compared."
    lines = captured(firmware=FIRMWARE)
    assert "Not captured" not in comments(lines, "firmware")
    assert not any("Look at this first" in line for line in lines)


def test_it_says_where_the_name_of_the_thing_was() -> None:
    """Each field in which {thing} stands now, so that a person sees what was guessed; no other field is named."""
    desired = {"/topic": "plant/{thing}/out", "/nested": {"id": ["{thing}"]}, "/interval": 60}
    lines = captured(groups=["line-1", "{thing}-group"], shadow={"desired": desired})
    stands = "Where the name pump-01 stood, {thing} stands: "
    assert comments(lines, "groups").endswith(f"{stands}groups[1].")
    assert comments(lines, "shadow").endswith(f"{stands}shadow.desired./topic, shadow.desired./nested.id[0].")
    assert stands not in comments(lines, "attributes")


@pytest.mark.parametrize(
    ("value", "is_own"),
    [("00:1A:2b:33:44:55", True), ("SN-20260012345", True), ("10.20.30.41", True), ("2.1.0", False), ("north", False),
     ("123e4567-e89b-12d3-a456-426614174000", True), ("i-0c0ffee0c0ffee001", True),
     ("", False), ("line-12345", False)],
)  # fmt: skip # a table
def test_it_says_what_looks_like_the_things_own(value: str, is_own: bool) -> None:
    """A serial number, an address, an id: a hint for whoever reads it, and it stays in the file."""
    lines = captured(attributes={"site": value})
    assert ("pump-01's own: attributes.site." in comments(lines, "attributes")) is is_own
    assert held_by(KNOWN_GOOD, "\n".join(lines).encode(), "file").attributes == {"site": value}


def test_a_moment_looks_its_own_and_a_measure_does_not() -> None:
    """Of numbers only whole ones with many digits are serial numbers, or times."""
    lines = captured(shadow={"desired": {"/installed": 1_700_000_000, "/offset": 0.123456789, "/interval": 60}})
    assert "pump-01's own: shadow.desired./installed." in comments(lines, "shadow")


def test_many_fields_are_counted() -> None:
    """Nobody reads a list of hundreds."""
    lines = captured(shadow={"desired": {f"/a{n}": 1_700_000_000 + n for n in range(150)}})
    assert "shadow.desired./a19 and 130 more." in comments(lines, "shadow")


@pytest.mark.parametrize(
    ("value", "why"),
    [("x" * LONGEST_FILE, "makes no file: pump-01:1:1: found a longer file"), (10**45, "no file that reads as it is")],
)
def test_what_no_file_can_hold_is_not_written(value: Any, why: str) -> None:
    """A shadow longer than the longest file, a number that is none to our reading: the reason, and no other file."""
    with pytest.raises(Failed, match=why):
        captured(shadow={"desired": {"/a": value}})
