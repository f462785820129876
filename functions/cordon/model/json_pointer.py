"""JSON pointers (RFC 6901): how a place in a shadow is named, and what is there. No pointer leads into a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def steps_of(pointer: str) -> list[str]:
    """Return the keys that a pointer leads through; none for the empty one, which names the whole."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def pointer_of(steps: Sequence[str]) -> str:
    """Return the pointer that leads through these keys."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def lies_in(pointer: str, outer: str) -> bool:
    """Say whether a pointer names the same place as `outer`, or one within it."""
    return f"{pointer}/".startswith(f"{outer}/")


def value_at(document: Any, pointer: str) -> Any:
    """Return what is at the place; None where there is nothing: no shadow ever holds a null."""
    for step in steps_of(pointer):
        if not isinstance(document, dict) or step not in document:
            return None
        document = document[step]
    return document


def leaves_of(document: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the pointer and the value of all that is said: what is no object, in the order of the pointers' keys."""
    if not isinstance(document, dict):
        yield pointer_of(above), document
        return
    for name in sorted(document):
        yield from leaves_of(document[name], (*above, name))
