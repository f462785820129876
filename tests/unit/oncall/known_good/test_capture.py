from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oncall.cli import run
from tests.unit.oncall.known_good_says import (
    NEW,
    OLD,
    asked,
    captured,
    facts_of,
    of,
)
from tests.unit.oncall.signed_desk import SignedDesk

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
Captured = pytest.CaptureFixture[str]


def test_capture_prints_a_file_that_reads_as_what_the_desk_says(capsys: Captured, desk: SignedDesk) -> None:
    """The thing is named to the desk, and what is printed holds the very definition, under comments."""
    desk.will_say((200, captured(NEW)))
    assert run(["known-good", "capture", "pump-01"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# A known-good of things of the type pump, captured from pump-01 at ")
    assert "# - it reports no package\n" in out
    assert of(out) == of(NEW)
    assert asked(desk) == [("POST", "/known-good/capture", {"thing_name": "pump-01"})]


def test_capture_writes_a_file_that_is_not_there(tmp_path: Path, capsys: Captured, desk: SignedDesk) -> None:
    """What it wrote, and what to do with it, is said in a line; nothing else is printed."""
    desk.will_say((200, captured(NEW)))
    path = tmp_path / "new.yaml"
    assert run(["known-good", "capture", "pump-01", "--out", str(path)]) == 0
    assert of(path.read_text()) == of(NEW)
    assert capsys.readouterr().out == f"{path}: what pump-01 is now. Read it, edit it, and sign it.\n"


@pytest.mark.parametrize("agrees", [True, False])
def test_capture_asks_before_it_overwrites(
    agrees: bool, file: Path, desk: SignedDesk, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is there stays as it is unless the person agrees; without that, nothing is asked of the desk."""
    questions: list[str] = []

    def answer(question: str, **_: Any) -> bool:
        questions.append(question)
        return agrees

    monkeypatch.setattr("typer.confirm", answer)
    desk.will_say((200, captured(OLD)))
    assert run(["known-good", "capture", "pump-01", "--out", str(file)]) == (0 if agrees else 1)
    assert questions == [f"Overwrite '{file}'?"]
    assert of(file.read_text()) == of(OLD if agrees else NEW)
    assert len(desk.asked) == (1 if agrees else 0)
    assert ("nothing was captured" in capsys.readouterr().err) is not agrees


def test_capture_overwrites_nothing_that_came_meanwhile(
    file: Path, capsys: Captured, desk: SignedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that was not there when the command looked, and is there when it writes, stays as it is."""
    monkeypatch.setattr("os.path.lexists", lambda _: False)
    desk.will_say((200, captured(OLD)))
    assert run(["known-good", "capture", "pump-01", "--out", str(file)]) == 2
    assert capsys.readouterr().err.endswith("expected a file that can be written (File exists)\n")
    assert file.read_text() == NEW


def test_capture_overwrites_with_yes(file: Path, desk: SignedDesk) -> None:
    """Whoever says so beforehand is not asked."""
    desk.will_say((200, captured(OLD)))
    assert run(["known-good", "capture", "pump-01", "--yes", "--out", str(file)]) == 0
    assert of(file.read_text()) == of(OLD)


def test_capture_in_json_is_what_the_desk_says(file: Path, capsys: Captured, desk: SignedDesk) -> None:
    """One object; a file that is there is overwritten only with --yes, since nothing can be asked."""
    desk.will_say((200, captured(OLD)))
    assert run(["known-good", "capture", "pump-01", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == captured(OLD)
    desk.asked.clear()
    assert run(["known-good", "capture", "pump-01", "--json", "--out", str(file)]) == 2
    assert (desk.asked, file.read_text()) == ([], NEW)
    assert run(["known-good", "capture", "pump-01", "--json", "--yes", "--out", str(file)]) == 0
    assert of(file.read_text()) == of(OLD)


@pytest.mark.parametrize("out", ["no/such/folder/x.yaml", ".", "nul\0"])
def test_capture_tells_of_a_file_that_cannot_be_written(
    out: str, tmp_path: Path, capsys: Captured, desk: SignedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad usage, in one line; what was captured is lost, and nothing else was changed."""
    monkeypatch.chdir(tmp_path)
    desk.will_say((200, captured(NEW)))
    assert run(["known-good", "capture", "pump-01", "--yes", "--out", out]) == 2
    assert capsys.readouterr().err.startswith("cordon: --out: found ")
    assert list(tmp_path.iterdir()) == []


def test_capture_of_what_this_version_does_not_know_fails(capsys: Captured, desk: SignedDesk) -> None:
    """A later desk's known-good is not written as if this version understood all of it."""
    desk.will_say((200, captured(NEW, definition={**facts_of(NEW), "a_later_field": 1})))
    assert run(["known-good", "capture", "pump-01"]) == 1
    out, error = capsys.readouterr()
    assert (out, "this version of the command does not understand the known-good" in error) == ("", True)
