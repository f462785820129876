from __future__ import annotations

from typing import Any

import pytest
from cordon.model.json_pointer import leaves_of, lies_in, pointer_of, steps_of, value_at
from hypothesis import given
from hypothesis import strategies as st

_keys = st.text(alphabet="ab~/ é", max_size=4)
_documents = st.recursive(
    st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(_keys, inner, min_size=1, max_size=3),
)


@pytest.mark.parametrize(
    ("pointer", "steps"),
    [("", []), ("/", [""]), ("/a/b", ["a", "b"]), ("/a~1b/m~0n", ["a/b", "m~n"]), ("/~01", ["~1"])],
)
def test_a_pointer_is_read_as_rfc_6901_says(pointer: str, steps: list[str]) -> None:
    """Its own two signs are written otherwise, and each order of undoing that but one is wrong."""
    assert steps_of(pointer) == steps
    assert pointer_of(steps) == pointer


@given(st.lists(_keys, max_size=4))
def test_any_keys_have_a_pointer_that_leads_back(steps: list[str]) -> None:
    """Whatever a shadow's keys are called."""
    assert steps_of(pointer_of(steps)) == steps


@given(_documents)
def test_every_leaf_is_found_by_its_pointer(document: Any) -> None:
    """No value of a document is passed over, and none is named twice."""
    found = list(leaves_of(document))
    assert [value_at(document, pointer) for pointer, _ in found] == [value for _, value in found]
    assert len({pointer for pointer, _ in found}) == len(found)
    assert not any(isinstance(value, dict) for _, value in found)


@pytest.mark.parametrize(
    ("pointer", "outer", "within"),
    [
        ("/a", "", True),
        ("/a", "/a", True),
        ("/a/b", "/a", True),
        ("/ab", "/a", False),
        ("/a", "/a/b", False),
        ("", "/a", False),
        ("", "", True),
    ],
)
def test_a_place_lies_in_another_only_by_whole_keys(pointer: str, outer: str, within: bool) -> None:
    """`/ab` is beside `/a`, and not in it."""
    assert lies_in(pointer, outer) is within


@pytest.mark.parametrize("pointer", ["/b", "/a/x", "/a/0", "/n/1"])
def test_where_nothing_is_there_is_none(pointer: str) -> None:
    """No pointer leads into a list, or through what is no object."""
    assert value_at({"a": [1, 2], "n": 1}, pointer) is None
