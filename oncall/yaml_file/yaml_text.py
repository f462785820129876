"""Read YAML as people mean it: JSON's scalars and else text, every key once, and each value with its place.

Of YAML 1.1's surprises none is left: `no`, `on`, `08:00`, `0123` and `2026-12-24` are text. Anchors, aliases and tags
are refused: nothing here needs one, and a few lines of them make a billion values.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from cordon.model.mistake import Location
from cordon.model.text import quoted
from yaml.composer import Composer
from yaml.constructor import BaseConstructor
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from oncall.yaml_file.fault import Fault, Place

DEEPEST = 20
"""Levels of nesting that are read; a response policy has six."""
# Every number that Python writes as JSON, and none so long that it takes its time: a float has 17 digits, and nothing
# between 0.0001 and 10^16 an exponent.
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,39})")
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,39})(\.\d{1,24})?([eE][+-]?\d{1,3})?")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_HALF, _HALVED = re.compile(r"[\ud800-\udfff]"), ("half a character", "whole ones")
_TEXT = "tag:yaml.org,2002:str"


@dataclass
class Written:
    """What a text holds: plain JSON, the places of values and of keys by their location, and what is wrong with it."""

    value: Any = None
    values: dict[Location, Place] = field(default_factory=dict)
    keys: dict[Location, Place] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    refused: dict[int, tuple[str, str]] = field(default_factory=dict)

    def place_of(self, location: Location) -> Place:
        """Return where the value of that location stands, or else the innermost that holds it."""
        while location and location not in self.values:
            location = location[:-1]
        return self.values.get(location, Place(1, 1))


class _TooDeepError(yaml.MarkedYAMLError):
    """Values within values within values: nothing that follows is read."""


class _Nodes(Reader, Scanner, Parser, Composer, BaseConstructor, BaseResolver):
    """PyYAML's reader down to its nodes, without any resolver; anchors, aliases, tags and depths are refused."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseConstructor.__init__(self)
        BaseResolver.__init__(self)
        self.depth = 0
        self.refused: dict[int, tuple[str, str]] = {}
        """What was found and expected of nodes that are not taken, by their identity."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose one node; what is not taken of it is remembered, and read as if it were not there."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call] # PyYAML's own
        refused = _refused(event)
        if isinstance(event, yaml.AliasEvent):
            self.get_event()  # type: ignore[no-untyped-call] # as above
            start: Any = event.start_mark
            node: Any = yaml.ScalarNode(_TEXT, "", start, start)
        else:
            event.anchor = event.tag = None
            node = self._deeper(parent, index, event)
        if isinstance(node, yaml.ScalarNode) and _HALF.search(node.value):
            # An escape may write a character in two halves, of which one alone has no UTF-8.
            node.value = node.value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            refused = refused or (_HALVED if "\N{REPLACEMENT CHARACTER}" in node.value else None)
        if refused:
            self.refused[id(node)] = refused
        return node

    def _deeper(self, parent: Any, index: Any, event: Any) -> Any:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _TooDeepError(problem_mark=event.start_mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def _refused(event: Any) -> tuple[str, str] | None:
    if isinstance(event, yaml.AliasEvent):
        return f"an alias (*{quoted(event.anchor)[1:-1]})", "the value itself"
    if event.anchor is not None:
        return f"an anchor (&{quoted(event.anchor)[1:-1]})", "the value alone"
    if event.tag not in {None, "!"}:
        return f"a tag ({quoted(event.tag)[1:-1]})", "the value alone"
    return None


def written(text: str) -> Written:
    """Return what the YAML text holds. Where it is none, that is its one fault: nothing after it can be read."""
    found = Written()
    try:
        nodes = _Nodes(text)
        node = nodes.get_single_node()
    except yaml.reader.ReaderError as error:
        found.faults.append(_unprintable(error, text))
    except _TooDeepError as error:
        place = _place(error.problem_mark)
        found.faults.append(Fault(place, (), "values that are nested deeper", f"at most {DEEPEST} levels"))
    except yaml.MarkedYAMLError as error:
        place = _place(error.problem_mark or error.context_mark)
        problem = quoted(f"{error.problem or error.context}", 200)[1:-1]
        found.faults.append(Fault(place, (), f"what is not YAML here ({problem})", "YAML"))
    else:
        found.refused = nodes.refused
        found.value = _value(node, (), found) if node else None
    return found


def _unprintable(error: yaml.reader.ReaderError, text: str) -> Fault:
    before = text[: error.position]
    place = Place(before.count("\n") + 1, error.position - before.rfind("\n"))
    return Fault(place, (), f"the character U+{ord(text[error.position]):04X}", "printable text")


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


def _value(node: Any, location: Location, found: Written) -> Any:
    found.values[location] = _place(node.start_mark)
    _refuse(node, location, found)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, location, found)
    if isinstance(node, yaml.SequenceNode):
        return [_value(inner, (*location, place), found) for place, inner in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: yaml.MappingNode, location: Location, found: Written) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, inner in node.value:
        place = _place(key.start_mark)
        if not isinstance(key, yaml.ScalarNode):
            found.faults.append(Fault(place, location, "a key of several parts", "text"))
            continue
        here = (*location, key.value)
        if key.value in mapping:
            first = found.keys[here].line
            found.faults.append(Fault(place, here, f"a key that line {first} has, too", "every key once"))
            continue
        found.keys[here] = place
        _refuse(key, here, found)
        mapping[key.value] = _value(inner, here, found)
    return mapping


def _refuse(node: Any, location: Location, found: Written) -> None:
    if refused := found.refused.get(id(node)):
        found.faults.append(Fault(_place(node.start_mark), location, *refused))


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    return plain_scalar(text) if node.style is None else text


def plain_scalar(text: str) -> Any:
    """Return what a scalar without quotes is, as JSON would have it: whatever is no word or number of JSON is text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    return number if math.isfinite(number) else text
