"""Imports go down only, and the functions import nothing that the artefact does not hold."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"cordon": ROOT / "functions" / "cordon", "playtest": ROOT / "playtest", "oncall": ROOT / "oncall"}

# Each room with all that it may import of `cordon` besides itself: DESIGN.md, "Imports go down only". A room that is in
# no list fails, so that a new one is given its place here.
SINGLE_FILES = {"clients", "clock", "errors", "observability", "settings"}
BASE = {"model"} | SINGLE_FILES
MEMORY = {"things", "incidents"} | BASE
MAY_IMPORT = {
    "model": set(),
    **dict.fromkeys(SINGLE_FILES, BASE),
    **dict.fromkeys({"things", "incidents"}, BASE),
    **dict.fromkeys({"actions", "alarms", "tickets"}, MEMORY),
    "response": {"actions", "alarms", "tickets"} | MEMORY,
    "steps": {"response", "actions", "alarms", "tickets"} | MEMORY,
}
IN_THE_ARTEFACT = {
    "aws_lambda_powertools",
    "aws_xray_sdk",
    "boto3",
    "botocore",
    "cryptography",
    "pydantic",
    "pydantic_core",
}
STUBS = "mypy_boto3_"  # the packages of boto3-stubs, of which nothing is there at run time


@dataclass(frozen=True)
class Import:
    """One import: where it stands, the dotted name that it asks for, and whether only a type checker ever runs it."""

    path: Path
    line: int
    module: str
    name: str
    types_only: bool

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.module} imports {self.name}"

    @property
    def top(self) -> str:
        """The package that it asks for."""
        return self.name.partition(".")[0]


def modules(package: str) -> list[Path]:
    """Every module of one of our packages."""
    return sorted(OURS[package].rglob("*.py"))


def dotted(path: Path, package: str) -> str:
    """The name by which the module at `path` is imported; a package's __init__ keeps that last part."""
    return ".".join([package, *path.relative_to(OURS[package]).with_suffix("").parts])


def asked_for(node: ast.stmt, module: str) -> list[str]:
    """The dotted names that an import statement asks for; what `from a import b` asks for is `a.b`."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    above = module.split(".")[: -node.level] if node.level else []
    base = ".".join([*above, *([node.module] if node.module else [])])
    return [f"{base}.{alias.name}" for alias in node.names]


def is_types_only(node: ast.AST) -> bool:
    """Say whether this is an `if TYPE_CHECKING:`."""
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imports(package: str) -> list[Import]:
    """Every import of one of our packages, those inside functions and under TYPE_CHECKING too."""
    found = []
    for path in modules(package):
        tree, module = ast.parse(path.read_text()), dotted(path, package)
        typed = {id(inner) for node in ast.walk(tree) if is_types_only(node) for inner in ast.walk(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt):
                found += [
                    Import(path, node.lineno, module, name, id(node) in typed) for name in asked_for(node, module)
                ]
    return found


def room(name: str) -> str:
    """The room of a dotted name in `cordon`: `actions` for `cordon.actions.certificates`."""
    return name.split(".")[1]


def broken(package: str, allowed: set[str]) -> list[str]:
    """The imports of a package that reach one of our packages which is not in `allowed`."""
    return [str(one) for one in imports(package) if one.top in OURS and one.top not in allowed | {package}]


def test_every_room_of_cordon_has_its_place_in_the_import_rule() -> None:
    """A new room or single file cannot slip past the rule by not being in it."""
    found = {room(dotted(path, "cordon")) for path in modules("cordon")} - {"__init__"}
    assert found <= set(MAY_IMPORT)


def test_imports_within_cordon_go_down_only() -> None:
    """A room imports itself and rooms below it: the model imports nothing of ours, and no room one beside it."""
    within = [one for one in imports("cordon") if one.top == "cordon"]
    up = [
        str(one)
        for one in within
        if "." in one.name and room(one.name) not in MAY_IMPORT[room(one.module)] | {room(one.module)}
    ]
    assert up == []


def test_cordon_imports_nothing_that_the_artefact_does_not_hold() -> None:
    """Third-party imports of the functions are those of functions/requirements.txt; type stubs only for the checker."""
    allowed = IN_THE_ARTEFACT | set(sys.stdlib_module_names) | {"cordon"}
    assert [
        str(one)
        for one in imports("cordon")
        if one.top not in allowed and not (one.types_only and one.top.startswith(STUBS))
    ] == []


@pytest.mark.parametrize(
    ("package", "allowed"), [("cordon", set()), ("playtest", {"cordon"}), ("oncall", {"cordon", "playtest"})]
)
def test_a_package_imports_only_the_packages_below_it(package: str, allowed: set[str]) -> None:
    """The command uses playtest and cordon, playtest uses cordon, and never the other way."""
    assert broken(package, allowed) == []


def test_no_module_imports_by_a_computed_name() -> None:
    """An import whose name is computed would pass unseen; only the local AWS resolves handlers, from the template."""
    calls = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for package in ("cordon", "oncall")
        for path in modules(package)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"__import__", "import_module", "importlib.import_module"}
    ]
    assert calls == []


def test_no_handler_loads_what_reads_certificates_before_one_is_read() -> None:
    """It would lengthen every cold start of a containment (25 ms), and few functions ever read a certificate."""
    steps = [dotted(path, "cordon") for path in modules("cordon") if path.parent.name == "steps"]
    loading = "; ".join(["import sys", *(f"import {step.removesuffix('.__init__')}" for step in steps)])
    told = f"{loading}; print('cryptography' in sys.modules, 'cordon.steps.desk' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "True"]
