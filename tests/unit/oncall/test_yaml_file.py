from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from oncall.yaml_file.wording import in_yaml
from oncall.yaml_file.yaml_text import written

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_words = st.sampled_from(["1e3", "-1.5E-7", "no", "~", "null", "true", "", "08:00", "0123", "12", "1.0", "a\nb", "# x"])
_scalars = st.none() | st.booleans() | st.integers(-(10**39), 10**39) | st.floats(allow_nan=False, allow_infinity=False)
_json: st.SearchStrategy[Any] = st.recursive(
    _scalars | _text | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text | _words, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_text | _words, _json, max_size=3))
@example(
    {"a": "1e3", "b": 5e-324, "c": 1.7976931348623157e308, "d": 1_700_000_000_000_000_000, "e": 0.00012345678901234}
)
@example({"#": "# x", "\u2028": "\x85", "\N{PILE OF POO}": "\ufeff"})
@settings(max_examples=200, deadline=None)
def test_json_that_is_written_reads_as_itself(facts: dict[str, Any]) -> None:
    """Text that looks like a number or a word stays text, and a number keeps every digit."""
    read = written("\n".join(in_yaml(facts)))
    assert read.faults == []
    assert repr(read.value) == repr(facts)


@pytest.mark.parametrize("text", ["1e999", "-1e999", "1" * 41, "1." + "1" * 25, "1e1000"])
def test_a_number_that_no_float_holds_is_text(text: str) -> None:
    """It is not infinite, and it is not worked out for its length."""
    assert written(f"a: {text}\n").value == {"a": text}
