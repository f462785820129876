from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playtest.report.wording import count, duration, plain, short, side

CERTIFICATE = "0123456789abcdef" * 4


@given(st.text(), st.integers(1, 400))
def test_no_text_from_outside_is_anything_but_one_printable_line(text: str, limit: int) -> None:
    """Whatever a name holds, it can neither move the cursor nor begin a line, nor be longer than its place."""
    said = plain(text, limit)
    assert said.isprintable()
    assert len(said) <= limit + 1


def test_an_id_is_cut_to_its_first_digits() -> None:
    """A certificate id is told apart by eight digits, and any other word stays whole."""
    assert short(f"certificate/{CERTIFICATE} of pump-01") == "certificate/01234567… of pump-01"


@pytest.mark.parametrize(
    ("value", "action", "said"),
    [
        (True, "policy_attachment", "attached"),
        (False, "group_membership", "out"),
        (True, "sts_deny", "denied"),
        (True, "", "yes"),
        (None, "", "nothing"),
        ([], "", "none"),
        (["a", "b"], "", "a, b"),
        ({"Statement": [{}, {}]}, "", "a policy of 2 statements"),
        ('{"Statement": [{}]}', "", "a policy of 1 statement"),
        ({"site": "hall-a"}, "", '{"site": "hall-a"}'),
        ("ACTIVE", "certificate_status", "ACTIVE"),
    ],
)
def test_a_side_of_a_change_is_said_in_a_few_words(value: Any, action: str, said: str) -> None:
    """True and false mean what the action means by them, and a policy is not spelt out."""
    assert side(value, action) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "never"), (0.04, "0.0 s"), (59.9, "59.9 s"), (60, "1 min 0 s"), (541.2, "9 min 1 s")],
)
def test_seconds_are_said_as_people_say_them(seconds: float | None, said: str) -> None:
    """Tenths below a minute, minutes and seconds from there, and a word for what never was."""
    assert duration(seconds) == said


def test_one_of_a_thing_is_singular() -> None:
    """Counts agree with their nouns."""
    assert (count(1, "thing"), count(0, "thing"), count(2, "entry", "entries")) == ("1 thing", "0 things", "2 entries")
