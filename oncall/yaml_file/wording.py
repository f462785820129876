"""What a file holds, for the eyes of whoever writes it: as the file that it could be, and what another changes."""

from __future__ import annotations

import difflib
from typing import Any

import yaml
from pydantic import BaseModel

from oncall.yaml_file.yaml_text import plain_scalar

_WIDTH = 100


class _Dumper(yaml.SafeDumper):
    """PyYAML's, which puts into quotes, too, what only our own reading takes for something else than text: `1e3`."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(plain_scalar(text), str) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)


def as_file(value: BaseModel) -> list[str]:
    """Return the lines of a file that holds the value, every field said; whatever is not ASCII is escaped."""
    return in_yaml(value.model_dump(mode="json"))


def in_yaml(facts: dict[str, Any]) -> list[str]:
    """Return the lines of a YAML text that holds these JSON facts; whatever is not ASCII is escaped."""
    dumped: str = yaml.dump(facts, Dumper=_Dumper, sort_keys=False, allow_unicode=False, width=_WIDTH)
    return dumped.splitlines()


def difference(old: BaseModel | None, new: BaseModel) -> list[str]:
    """Return what `new` changes, in lines that begin with - for what goes and + for what comes."""
    before, after = as_file(old) if old else [], as_file(new)
    return list(difflib.unified_diff(before, after, "in force", "file", lineterm="", n=2))
