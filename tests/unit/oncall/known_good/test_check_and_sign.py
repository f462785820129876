from __future__ import annotations

import json
from pathlib import Path

import pytest

from oncall.cli import run
from tests.unit.oncall.desk_says import MARIA, Json
from tests.unit.oncall.known_good_says import (
    HASH,
    NEVER,
    NEW,
    OLD,
    asked,
    checked,
    facts_of,
    in_force,
    of,
    signed,
)
from tests.unit.oncall.signed_desk import SignedDesk

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
Captured = pytest.CaptureFixture[str]
AT = {"field": "firmware.version"}
STALE = "another known-good is in force (0123) than the one that this was compared with (4567)"


def test_check_says_that_nothing_drifts(capsys: Captured, desk: SignedDesk) -> None:
    """Exit status 0, and what the thing was held against."""
    desk.will_say((200, checked()))
    assert run(["known-good", "check", "pump-01"]) == 0
    head = f"pump-01, of the type pump, against the known-good in force, {HASH[:12]}, signed by {MARIA}:\n"
    assert capsys.readouterr().out == f"{head}  no drift\n"
    assert asked(desk) == [("POST", "/known-good/check", {"thing_name": "pump-01"})]


def test_check_shows_drift_as_a_table(capsys: Captured, desk: SignedDesk) -> None:
    """Exit status 1; a line for each field in the desk's order, in columns, text in quotes and all else as JSON."""
    desk.will_say((200, checked(("firmware/version", "2.1.0", "2.0.3"), ("shadow/desired/interval", 60, None))))
    assert run(["known-good", "check", "pump-01"]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  field                    expected  found",
        "  firmware/version         '2.1.0'   '2.0.3'",
        "  shadow/desired/interval  60        nothing",
        "  2 differences",
    ]


def test_what_a_thing_says_reaches_the_terminal_as_printable_text(capsys: Captured, desk: SignedDesk) -> None:
    """A shadow may hold anything: each difference stays one line, without control characters, and has an end."""
    hostile = "x\x1b[31m\n  no drift\N{RIGHT-TO-LEFT OVERRIDE}" + "y" * 5000
    desk.will_say((200, checked((f"shadow/desired/{hostile}", {"a": hostile}, hostile), thing_type="pump\x07")))
    assert run(["known-good", "check", "pump-01"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert all(line.isprintable() for line in lines)
    assert all(len(line) < 2000 for line in lines)


def test_check_against_a_file_sends_what_it_holds(file: Path, capsys: Captured, desk: SignedDesk) -> None:
    """The whole definition goes to the desk; whether anything is in force does not matter."""
    desk.will_say((200, checked(("policies", ["plant-device"], []), known_good=None)))
    assert run(["known-good", "check", "pump-01", "--file", str(file)]) == 1
    assert capsys.readouterr().out.startswith(f"pump-01, of the type pump, against {file}:\n")
    desk.will_say((200, checked(known_good=None)))
    assert run(["known-good", "check", "pump-01", "--file", str(file)]) == 0
    body = {"thing_name": "pump-01", "definition": facts_of(NEW)}
    assert asked(desk) == [("POST", "/known-good/check", body)] * 2


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_check_without_a_known_good_in_force_is_no_success(more: list[str], capsys: Captured, desk: SignedDesk) -> None:
    """No drift was found, since nothing was compared: exit status 1, and why nothing is in force."""
    desk.will_say((200, checked(known_good=None, trouble="its signature is not that of the stack's key")))
    assert run(["known-good", "check", "pump-01", *more]) == 1
    out, error = capsys.readouterr()
    assert error == "cordon: no known-good is in force for pump-01: its signature is not that of the stack's key\n"
    assert bool(out) is bool(more)


def test_check_in_json_is_what_the_desk_says(capsys: Captured, desk: SignedDesk) -> None:
    """One object, with the same exit status."""
    for drift, status in (((), 0), ((("policies", [], ["x"]),), 1)):
        desk.will_say((200, checked(*drift)))
        assert run(["known-good", "check", "pump-01", "--json"]) == status
        assert json.loads(capsys.readouterr().out) == checked(*drift)


def test_sign_shows_what_changes_and_names_what_it_was_compared_with(
    file: Path, capsys: Captured, desk: SignedDesk
) -> None:
    """The lines that differ; then the whole definition with the hash of the one that was shown: exit status 0."""
    desk.will_say((200, in_force()), (200, signed()))
    assert run(["known-good", "sign", "--yes", str(file)]) == 0
    out = capsys.readouterr().out
    assert "-  desired: {}\n+  desired:\n+    /interval: 60\n" in out
    assert f"Signed by {MARIA}: {of(NEW).hash}, version v2" in out
    body = {"definition": facts_of(NEW), "base": of(OLD).hash}
    assert asked(desk) == [("GET", "/known-good/pump", None), ("POST", "/known-good", body)]


def test_the_first_one_is_signed_against_none(file: Path, capsys: Captured, desk: SignedDesk) -> None:
    """Why there is none, all of the file, and no base."""
    desk.will_say((200, in_force(None)), (200, signed()))
    assert run(["known-good", "sign", "--yes", str(file)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"No known-good is in force for the type pump: {NEVER}\n")
    assert "+    /interval: 60\n" in out
    assert desk.asked[-1].body["base"] is None


def test_nothing_is_signed_that_the_person_did_not_agree_to(
    file: Path, capsys: Captured, desk: SignedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changes is shown first; the answer no signs nothing."""
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    desk.will_say((200, in_force()))
    assert run(["known-good", "sign", str(file)]) == 1
    out, error = capsys.readouterr()
    assert "+    /interval: 60" in out
    assert error == "cordon: nothing was signed\n"
    assert [one.method for one in desk.asked] == ["GET"]


def test_sign_in_json_is_what_the_desk_says_and_nothing_else(file: Path, capsys: Captured, desk: SignedDesk) -> None:
    """One object; and without --yes, which nobody could be asked for, it is bad usage."""
    desk.will_say((200, in_force()), (200, signed()))
    assert run(["known-good", "sign", "--json", "--yes", str(file)]) == 0
    assert json.loads(capsys.readouterr().out) == signed()
    desk.asked.clear()
    assert run(["known-good", "sign", "--json", str(file)]) == 2
    assert desk.asked == []


@pytest.mark.parametrize(
    ("refused", "status"),
    [
        ((409, {"error": "StaleKnownGood", "message": STALE}), 1),
        ((400, {"error": "BadRequest", "message": "firmware.version: found '2.1.0', expected a version", **AT}), 2),
    ],
)
def test_what_the_desk_refuses_is_told_in_its_words(
    refused: tuple[int, Json], status: int, file: Path, capsys: Captured, desk: SignedDesk
) -> None:
    """Stale, or what cannot be: one line, and the exit status of a failure or of bad usage."""
    desk.will_say((200, in_force()), refused)
    assert run(["known-good", "sign", "--yes", str(file)]) == status
    said = refused[1]
    assert capsys.readouterr().err == f"cordon: the desk refused ({said['error']}): {said['message']}\n"


def test_what_this_version_does_not_know_is_not_compared(file: Path, capsys: Captured, desk: SignedDesk) -> None:
    """A later version's known-good is in force: nothing is signed over what cannot be read."""
    desk.will_say((200, in_force(definition={**facts_of(OLD), "a_later_field": 1})))
    assert run(["known-good", "sign", "--yes", str(file)]) == 1
    assert "this version of the command does not understand the known-good" in capsys.readouterr().err
    assert [one.method for one in desk.asked] == ["GET"]
