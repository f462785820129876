"""House style that neither ruff nor mypy can hold."""

from __future__ import annotations

import ast
import io
import json
import re
import statistics
import tokenize
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = [ROOT / "functions" / "cordon", ROOT / "playtest", ROOT / "oncall", ROOT / "tools"]
MODULES = sorted(path for folder in CODE for path in folder.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
WRITTEN_IN_YAML = [ROOT / "template.yaml", ROOT / "samconfig.toml", *sorted((ROOT / "playbooks").glob("*.yaml"))]
ALL = [*MODULES, *TESTS, *(path for path in WRITTEN_IN_YAML if path.exists())]

LONGEST_MODULE = 300  # lines
NAMES_THAT_SAY_NOTHING = {"common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
WAIVER = re.compile(r"#\s*(?:noqa|type:\s*ignore|nosec|pragma|fmt:|ruff:|mypy:)", re.IGNORECASE)
REASON = re.compile(r"(?: - |\s#\s*)[\w']+(?:\W+\w+)+")  # after the rule's code: ` - ` or a second `#`, then words
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK|TBD)\b")


def where(path: Path, line: int) -> str:
    """A place in the tree, as editors and people read it."""
    return f"{path.relative_to(ROOT)}:{line}"


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Every comment of a module with its line: a `# noqa` inside a string is none."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a module."""
    tree = ast.parse(path.read_text())
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function's body; its signature and its docstring are there to be read, and do not count."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_too_long_to_read_at_once(path: Path) -> None:
    """A module has at most 300 lines."""
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    """What a thing is for stands in its name: nothing is called utils, helpers, common or manager."""
    named = [path for path in [*MODULES, *TESTS] if NAMES_THAT_SAY_NOTHING & words(path.relative_to(ROOT))]
    assert named == []


def words(path: Path) -> set[str]:
    """The words of which a path's names are made."""
    return {word for part in path.with_suffix("").parts for word in part.split("_")}


def test_every_waiver_of_a_rule_has_its_reason_on_its_line() -> None:
    """A noqa, a type: ignore or a pragma is followed by ` - ` and why."""
    bare = [
        where(path, line)
        for path in [*MODULES, *TESTS]
        for line, comment in comments(path)
        if WAIVER.match(comment) and not REASON.search(comment)
    ]
    assert bare == []


def test_every_rule_that_pyproject_waives_has_its_reason_beside_it() -> None:
    """Each rule of ruff that is ignored, and each warning that pytest lets pass, stands on a line with its reason."""
    text = (ROOT / "pyproject.toml").read_text()
    tool = tomllib.loads(text)["tool"]
    waived = {*tool["ruff"]["lint"]["ignore"], *chain(*tool["ruff"]["lint"]["per-file-ignores"].values())}
    waived |= {warning for warning in tool["pytest"]["filterwarnings"] if warning != "error"}
    entries = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    given = [entry for entry in entries if re.search(r",\s+# \w+\W+\w+", entry)]
    assert [rule for rule in sorted(waived) if not any(json.dumps(rule) in entry for entry in given)] == []


def test_nothing_is_left_for_later() -> None:
    """What is not built is an issue, not a mark in the code."""
    this = Path(__file__)
    assert [
        where(path, number)
        for path in ALL
        if path != this
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if UNFINISHED.search(line)
    ] == []


def test_functions_stay_short() -> None:
    """Half of all functions have at most 10 lines, and nine in ten at most 30."""
    sizes = [body_lines(function) for path in MODULES for function in functions(path)]
    assert statistics.median(sizes) <= 10
    assert statistics.quantiles(sizes, n=10)[-1] <= 30


def test_modules_stay_short() -> None:
    """Nine in ten modules have at most 250 lines."""
    assert statistics.quantiles([len(path.read_text().splitlines()) for path in MODULES], n=10)[-1] <= 250


def test_every_test_says_in_a_sentence_what_it_shows() -> None:
    """A test's docstring is the behaviour that it holds."""
    silent = [
        where(path, function.lineno)
        for path in TESTS
        for function in functions(path)
        if function.name.startswith("test_") and not (ast.get_docstring(function) or "").rstrip().endswith(".")
    ]
    assert silent == []
