"""Write what pages say of each field, from the models: of the response policy and of what is known to be good."""

from __future__ import annotations

import argparse
import ast
import inspect
import sys
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen
from cordon.model import known_good, policy_calendar, response_policy
from cordon.model.base import Word
from pydantic import AfterValidator, JsonValue
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

_DOCS = Path(__file__).parents[1] / "docs"
PAGE, KNOWN_GOOD = _DOCS / "response-policy.md", _DOCS / "known-good.md"
PAGES: dict[Path, type[Word]] = {PAGE: response_policy.ResponsePolicy, KNOWN_GOOD: known_good.KnownGood}
BEGIN = "<!-- From here to the end of the fields: written by tools/write_policy_page.py. -->\n"
END = "<!-- The end of the fields. -->\n"
MODULES = (response_policy, policy_calendar, known_good)
Headings = dict[type[Word], str]
_ZONES, _TIMES = {"_zone": "an IANA time zone"}, {"AwareDatetime": "a date and time with its offset"}
_OF_TYPE = {bool: "`true`, `false`", str: "text", int: "a whole number", float: "a number", datetime: "a date and time"}


def page(text: str, root: type[Word] = response_policy.ResponsePolicy) -> str:
    """Return the page about a model with its written part made anew."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + "\n".join(_sections(root)) + "\n" + END + rest.partition(END)[2]


def models(root: type[Word] = response_policy.ResponsePolicy) -> list[type[Word]]:
    """Return the model and every part of it, each after the one that holds it first."""
    found: list[type[Word]] = [root]
    for model in found:
        for about in model.model_fields.values():
            found += [part for part in _parts(about.annotation) if part not in found]
    return found


def _sections(root: type[Word]) -> Iterator[str]:
    told, headings = _docstrings(), _headings(root)
    for model, heading in headings.items():
        yield f"### {heading}\n"
        yield f"{model.__doc__}\n"
        yield "| field | what may stand there | without it | what it means |\n|---|---|---|---|"
        for name, about in model.model_fields.items():
            allowed = _words(about.annotation, about.metadata, headings)
            cells = [f"`{name}`", allowed, _default(about), told[model.__name__, name]]
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
        yield ""


def _headings(root: type[Word]) -> Headings:
    """Return where each part stands: the first path that leads to it."""
    paths: Headings = {root: "The whole"}
    for holder in models(root):
        for name, about in holder.model_fields.items():
            above = "" if holder is root else f"{paths[holder].strip('`')}."
            for part in _parts(about.annotation):
                paths.setdefault(part, f"`{above}{name}{_index(about.annotation)}`")
    return paths


def _index(kind: Any) -> str:
    return {list: "[]", dict: ".NAME"}.get(get_origin(kind), "") if not _is_optional(kind) else ""


def _is_optional(kind: Any) -> bool:
    return get_origin(kind) in {Union, UnionType}


def _parts(kind: Any) -> list[type[Word]]:
    if inspect.isclass(kind) and issubclass(kind, Word):
        return [kind]
    return [part for inner in get_args(kind) if not isinstance(inner, str) for part in _parts(inner)]


def _docstrings() -> dict[tuple[str, str], str]:
    """Return the sentences that stand below each field in the model's source, on one line."""
    found = {}
    for module in MODULES:
        for model in ast.parse(inspect.getsource(module)).body:
            if isinstance(model, ast.ClassDef):
                for field, below in zip(model.body, model.body[1:], strict=False):
                    if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
                        said = ast.literal_eval(below.value)
                        found[model.name, ast.unparse(field.target)] = " ".join(str(said).split())
    return found


def _words(kind: Any, metadata: Any, headings: Headings) -> str:
    """Return in words what may stand in a field of this type."""
    inner = get_args(kind)
    if get_origin(kind) is Annotated:
        return _words(inner[0], [bound for one in inner[1:] for bound in getattr(one, "metadata", [one])], headings)
    if kind is JsonValue:
        return "JSON"
    if _is_optional(kind):
        return " or ".join("null" if one is type(None) else _words(one, metadata, headings) for one in inner)
    if get_origin(kind) is list:
        most = [f" of at most {bound.max_length}" for bound in metadata if isinstance(bound, MaxLen)]
        return f"a list{''.join(most)}: {_words(inner[0], (), headings)}"
    if get_origin(kind) is dict:
        return f"for each of {_words(inner[0], (), headings)}: {_words(inner[1], (), headings)}"
    return _seen(kind, headings) or _choices(kind) or _bounded(kind, metadata)


def _seen(kind: Any, headings: Headings) -> str:
    """Return where a part of the model is told; nothing where it is none."""
    return f"see {headings[kind]}" if inspect.isclass(kind) and issubclass(kind, Word) else ""


def _choices(kind: Any) -> str:
    """Return the words of which one must stand there; nothing where it is none of so many."""
    if get_origin(kind) is Literal:
        return ", ".join(f"`{one}`" for one in get_args(kind))
    is_enum = inspect.isclass(kind) and issubclass(kind, Enum)
    return ", ".join(f"`{one.value}`" for one in kind) if is_enum else ""


def _bounded(kind: Any, metadata: Any) -> str:
    forms = [one.func for one in metadata if isinstance(one, AfterValidator)]
    said = [_ZONES.get(form.__name__) or (form.__doc__ if form.__name__ == "checked" else None) for form in forms]
    if any(said):
        return next(filter(None, said))
    edges = {type(one): getattr(one, "ge", getattr(one, "le", None)) for one in metadata}
    numbers = f", {edges[Ge]:,} to {edges[Le]:,}" if Ge in edges and Le in edges else ""
    return _TIMES.get(getattr(kind, "__name__", ""), _OF_TYPE.get(kind, "a date and time")) + numbers


def _default(about: FieldInfo) -> str:
    if about.is_required():
        return "must be said"
    value = about.default if about.default is not PydanticUndefined else about.get_default(call_default_factory=True)
    if isinstance(value, Word):
        return "as said there"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list) and value:
        return "all of them"  # the only list that is not empty without being said
    return "nothing" if value in (None, [], {}) else f"`{value}`"


def main() -> int:
    """Write the pages, or with `--check` say whether they are as they would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; return 1 if a page is out of date")
    asked = parser.parse_args()
    late = [path for path, root in PAGES.items() if page(path.read_text(), root) != path.read_text()]
    for path in late:
        if not asked.check:
            path.write_text(page(path.read_text(), PAGES[path]))
    print(
        f"out of date: {', '.join(path.name for path in late) or 'none'}{'' if asked.check else ', and written anew'}"
    )
    return int(asked.check and bool(late))


if __name__ == "__main__":
    sys.exit(main())
