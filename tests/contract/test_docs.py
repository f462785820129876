"""The pages say what is so: pictures, states, parameters, commands and links are held against the tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from cordon.incidents import rows

from oncall.cli import app
from playtest.behaviours import BEHAVIOURS
from playtest.run.asked_fault import FAULTS
from tools.draw_playbooks import drawings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))
PARTS = ("**What we face.**", "**What we do.**", "**The road not taken.**", "**What follows.**")

Json = dict[str, Any]


def text_of(name: str) -> str:
    """The text of a page, by its path from the root."""
    return (ROOT / name).read_text()


def first_cells(page: str, heading: str) -> list[str]:
    """The first column of the table under a heading of a page, in order, without its head."""
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("|")]
    return cells[2:]


def links(page: Path) -> Iterator[str]:
    """What a page links to or shows, other than the web and places within itself."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not re.match(r"[a-z]+:|#", target):
            yield target.partition("#")[0]


def commands(command: Any, path: str) -> Iterator[str]:
    """Every command that can be run, under its full name; a group is none by itself."""
    nested = getattr(command, "commands", {})
    if not nested:
        yield path
    for name, inner in nested.items():
        yield from commands(inner, f"{path} {name}")


def test_every_playbook_has_a_page_with_its_states(playbooks: dict[str, Json]) -> None:
    """The page's table tells of each state of the ASL, and of no other."""
    for name, playbook in playbooks.items():
        page = text_of(f"docs/playbooks/{name}.md")
        assert sorted(first_cells(page, "The states")) == sorted(f"`{state}`" for state in playbook["States"]), name


def test_every_picture_is_what_its_asl_draws() -> None:
    """A picture of what a playbook once was is worse than none; `python tools/draw_playbooks.py` draws it anew."""
    assert {path: path.read_text() for path in (DOCS / "playbooks").glob("*.svg")} == drawings()


def test_every_picture_is_shown_on_its_page_and_containment_on_the_first_screen() -> None:
    """The page of a playbook shows it, and the README shows how a thing is contained."""
    for path in drawings():
        assert f"]({path.name})" in path.with_suffix(".md").read_text()
    assert "](docs/playbooks/contain_thing.svg)" in text_of("README.md")


@pytest.mark.parametrize("section", ["Parameters", "Outputs"])
def test_every_parameter_and_output_is_in_the_deployment_page(written: Json, section: str) -> None:
    """Whoever deploys reads of each parameter and output, and of none that is not there."""
    cells = first_cells(text_of("docs/deploy.md"), section)
    assert sorted(re.findall(r"`(\w+)`", " ".join(cells))) == sorted(written[section])


def test_the_deployment_page_has_the_defaults_of_the_template(written: Json) -> None:
    """What a parameter is when nobody sets it stands in the page as in the template."""
    section = text_of("docs/deploy.md").partition("\n## Parameters\n")[2].partition("\n## ")[0]
    shown = dict(re.findall(r"^\| `(\w+)` \| `?([^`|]*?)`? \|", section, re.MULTILINE))
    for name, parameter in written["Parameters"].items():
        assert shown[name] == (str(parameter["Default"]) or "empty"), name


def test_every_alarm_has_its_answer(of_type: Json) -> None:
    """Whoever is paged by an alarm of the stack finds it by its name, with what to do."""
    cells = first_cells(text_of("docs/deploy.md"), "When Cordon itself alarms")
    assert sorted(re.findall(r"`(\w+)`", " ".join(cells))) == sorted(of_type["AWS::CloudWatch::Alarm"])


def test_every_command_is_named() -> None:
    """A command that no page names is found by nobody."""
    everything = "\n".join(page.read_text() for page in PAGES)
    for command in commands(typer.main.get_command(app), "cordon"):
        assert command in everything


def test_every_option_and_fault_of_the_playtest_is_told() -> None:
    """The page of the playtest has each option, and each fault in the form in which it is written."""
    page = text_of("docs/playtest.md")
    command: Any = typer.main.get_command(app)
    run = command.commands["playtest"].commands["run"]
    options = {name for option in run.params for name in option.opts if name.startswith("--")}
    told = set(re.findall(r"`(--[a-z-]+)", " ".join(first_cells(page, "Options"))))
    assert told - {"--help"} == options - {"--help"}
    assert first_cells(page, "Faults") == [f"`{fault.form}`" for fault in FAULTS.values()]


def test_every_behaviour_of_a_demo_device_is_told() -> None:
    """The page of the playtest has each, about sessions first, in the order in which `--help` lists them."""
    told = [cell for cell in first_cells(text_of("docs/playtest.md"), "Devices") if cell.startswith("`")]
    assert told == [f"`{name}`" for name in BEHAVIOURS]


def test_every_row_of_the_record_is_told() -> None:
    """The page has the rows of `incidents/rows.py`, in the same order."""
    in_code = re.findall(r"^\| ([A-Z]+#.+?) \| (.+?) \|", rows.__doc__ or "", re.MULTILINE)
    on_page = re.findall(r"^\| `([A-Z]+#[^`]+)` \| (.+?) \|", text_of("docs/record.md"), re.MULTILINE)
    assert [(pk, sk.replace("`", "")) for pk, sk in on_page] == in_code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """A page links only to what is in the repository, or to the web."""
    assert [link for link in links(page) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    """A page that says which test holds a rule is held to it."""
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", page.read_text()))
    assert [name for name in sorted(named) if f"def {name}(" not in tests] == []


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_every_decision_has_its_parts(page: Path) -> None:
    """Number, title, date, and the four parts in their order, as docs/decisions/README.md asks."""
    lines = page.read_text().splitlines()
    assert re.fullmatch(rf"# {int(page.stem[:4])}\. \S.*", lines[0])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", lines[2])
    assert [part for line in lines for part in PARTS if line.startswith(part)] == list(PARTS)


def test_decisions_are_numbered_in_order() -> None:
    """No number is used twice or left out."""
    assert [int(page.stem[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))
