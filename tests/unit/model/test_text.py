from __future__ import annotations

import re
import unicodedata

import pytest
from cordon.model.text import escaped, quoted, shortened
from hypothesis import example, given
from hypothesis import strategies as st

ANY_TEXT = st.text(st.characters(codec=None), max_size=400)
"""Any characters, half surrogate pairs among them."""
MARKUP = r"\`*_{}[]<>()#+!|~&$@^="


def bare(text: str) -> str:
    """Return what is left of an escaped text when every escape is taken out: no markup may be."""
    return re.sub(r"\\[^\w\s]|\\_|&(lt|gt|amp);", "", text)


@given(ANY_TEXT)
@example("_http://203.0.113.9/x")
@example("[click](javascript:alert(1)) <img src=x> **now**")
@example("\u202egnp.exe\u2028second line\x1b[31m")
def test_no_markup_survives(text: str) -> None:
    """Every character that Markdown or HTML gives a meaning to is escaped, whatever stands around it."""
    assert not set(bare(escaped(text))) & set(MARKUP)


@given(ANY_TEXT)
@example("a\r\nb\u2028c\u2029d\x85e")
@example("\u202e\u2066\x00\x7f")
def test_what_is_shown_is_one_line_without_control_characters(text: str) -> None:
    """Neither a ticket nor an error can be given another line, another direction or a terminal's colours."""
    for shown in (escaped(text), quoted(text), quoted([text])):
        assert len(shown.splitlines()) <= 1
        assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}]


@given(before=st.text(max_size=3), scheme=st.sampled_from(["http", "HTTPS", "ftp", "mailto", "javascript", "data"]))
@example(before="_", scheme="http")
@example(before="é", scheme="https")
def test_no_link_survives(before: str, scheme: str) -> None:
    """A link's scheme loses its colon, also where it does not begin a word: mail clients link it all the same."""
    shown = escaped(f"{before}{scheme}://203.0.113.9/x")
    assert f"{scheme}:" not in shown
    assert scheme in shown


@given(text=st.text(max_size=400), limit=st.integers(min_value=1, max_value=300))
def test_a_text_is_cut_before_it_is_escaped(text: str, limit: int) -> None:
    """At most `limit` of its own characters are shown, and no escape is cut in two."""
    shown = escaped(text, limit)
    assert len(re.sub(r"&(lt|gt|amp);", "x", re.sub(r"\\(.)", r"\1", shown))) <= limit


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pump-01", "pump-01"),
        ("a  b\n\tc", "a b c"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("https://evil.example", "https //evil.example"),
        ("x" * 300, "x" * 255 + "…"),
        ("", ""),
    ],
)
def test_ordinary_text_stays_readable(text: str, shown: str) -> None:
    """Only what could do something is changed."""
    assert escaped(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("INACTIVE", "'INACTIVE'"),
        (None, "null"),
        (True, "true"),
        ({"a": [1]}, '{"a": [1]}'),
        ("x" * 200, "'" + "x" * 119 + "…'"),
        pytest.param(10**5000, "a int", id="a number too long to write down"),
    ],
)
def test_a_value_is_quoted_as_json(value: object, shown: str) -> None:
    """Text stands in quotation marks, anything else as its JSON, and what has none by its type."""
    assert quoted(value) == shown


def test_a_value_that_holds_itself_is_quoted_by_its_type() -> None:
    """An error about a value never fails because of the value."""
    endless: list[object] = []
    endless.append(endless)
    assert quoted(endless) == "a list"


@given(text=st.text(max_size=50), limit=st.integers(min_value=1, max_value=60))
def test_a_shortened_text_says_that_it_was_cut(text: str, limit: int) -> None:
    """It is never longer than the limit, the same where it fits, and ends in an ellipsis where it did not."""
    shown = shortened(text, limit)
    assert len(shown) <= limit
    assert shown == text or shown.endswith("…")
    assert (shown == text) or len(text) > limit
