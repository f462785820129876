from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cordon.model.response_policy import ResponsePolicy

from oncall.cli import run
from oncall.policy.file import policy_of
from tests.unit.oncall.signed_desk import SignedDesk

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
Captured = pytest.CaptureFixture[str]
TIGHT = "playbooks:\n  contain_thing:\n    mode: observe\n"
WIDE = "playbooks:\n  contain_thing:\n    mode: approve\n"
LOOSENS = "playbooks.contain_thing: approve where it was observe"
EXPIRES = "2026-11-24T12:00:00+00:00"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a policy that loosens the one in force."""
    path = tmp_path / "policy.yaml"
    path.write_text(WIDE)
    return path


def of(text: str) -> ResponsePolicy:
    """The policy that a file with this text holds."""
    return policy_of(text.encode(), "file")


def in_force(text: str | None = TIGHT, **changed: Any) -> dict[str, Any]:
    """GET /policy, with this policy in force."""
    policy = of(text) if text else None
    facts = {"policy": json.loads(policy.canonical) if policy else None, "hash": policy.hash if policy else None}
    trouble = None if policy else "no response policy was ever pushed"
    return {**facts, "version": "v1", "trouble": trouble, "proposal": None, "a_newer_desk": "says more"} | changed


def pushed(status: str = "in_force", **changed: Any) -> dict[str, Any]:
    """POST /policy."""
    needs = None if status == "in_force" else f"another person must push the very same one until {EXPIRES}"
    version = "v2" if status == "in_force" else None
    return {"status": status, "hash": of(WIDE).hash, "version": version, "loosenings": [], "needs": needs} | changed


def posted(desk: SignedDesk) -> list[Any]:
    """The bodies of all pushes that the desk was asked for."""
    return [one.body for one in desk.asked if one.method == "POST"]


def test_check_asks_nobody_and_says_that_it_is_one(file: Path, capsys: Captured) -> None:
    """No credentials, no desk: the file alone, with the beginning of the policy's hash."""
    assert run(["policy", "check", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: a response policy, {of(WIDE).hash[:12]}\n"
    assert run(["policy", "check", "--json", str(file)]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "file": str(file),
        "hash": of(WIDE).hash,
        "faults": [],
        "remarks": [],
    }


def test_check_notes_what_may_not_mean_what_it_looks_like(file: Path, capsys: Captured) -> None:
    """A policy with notes is one: exit status 0, and each note is a line, or a sentence of the object."""
    file.write_text("playbooks: {contain_thing: {mode: automatic}}\n")
    note = "budgets: there is none, so nothing is done without a person, whatever the modes say"
    assert run(["policy", "check", str(file)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [f"  note: {note}"]
    assert run(["policy", "check", "--json", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["remarks"] == [note]


@pytest.mark.parametrize("command", ["check", "diff", "push"])
def test_every_mistake_of_a_file_is_a_line(command: str, file: Path, capsys: Captured, desk: SignedDesk) -> None:
    """All of them on standard error, exit status 2, and the desk is not asked anything."""
    file.write_text("playbooks: {}\nbudgets: [{scope: fleet, things: -3}]\nwindow: {}\n")
    assert run(["policy", command, str(file)]) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error == (
        f"{file}:2:34: budgets[0].things: found -3, expected 0 or more\n"
        f"{file}:3:1: window: found a field that is not known, expected windows\n"
    )
    assert desk.asked == []


def test_check_tells_mistakes_in_json(file: Path, capsys: Captured) -> None:
    """One object, with a line, a column, a field, what was found and what was expected for each."""
    file.write_text("playbooks: {}\nwindow: {}\n")
    assert run(["policy", "check", "--json", str(file)]) == 2
    out, error = capsys.readouterr()
    fault = {"line": 2, "column": 1, "field": "window", "found": "a field that is not known", "expected": "windows"}
    assert json.loads(out) == {"file": str(file), "hash": None, "faults": [fault], "remarks": []}
    assert error == ""


@pytest.mark.parametrize("command", ["check", "diff", "push"])
def test_a_file_that_is_not_there_is_bad_usage(command: str, capsys: Captured, desk: SignedDesk) -> None:
    """One line, and exit status 2."""
    assert run(["policy", command, "no-such\n.yaml"]) == 2
    assert capsys.readouterr().err.startswith("cordon: FILE: found 'no-such")
    assert desk.asked == []


def test_show_prints_the_file_that_the_policy_could_be(capsys: Captured, desk: SignedDesk) -> None:
    """What is printed reads as the policy in force; its hash and version stand above it."""
    desk.will_say((200, in_force()))
    assert run(["policy", "show"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"# In force: {of(TIGHT).hash}, version v1\n")
    assert of(out) == of(TIGHT)
    assert [(one.method, one.path) for one in desk.asked] == [("GET", "/policy")]


def test_show_tells_of_a_push_that_waits(capsys: Captured, desk: SignedDesk) -> None:
    """Who proposed what, until when another may push it, and what it loosens; and it is no part of the policy."""
    waiting = {"hash": of(WIDE).hash, "by": "ann\x1b[31m", "at": "2026-11-23T12:00:00Z", "loosenings": [LOOSENS]}
    desk.will_say((200, in_force(proposal=waiting)))
    assert run(["policy", "show"]) == 0
    out = capsys.readouterr().out
    assert f"# Proposed by ann\N{REPLACEMENT CHARACTER}[31m: {of(WIDE).hash}\n" in out
    assert f"until {EXPIRES}. It loosens:\n#   {LOOSENS}\n" in out
    assert of(out) == of(TIGHT)


def test_show_fails_where_there_is_none(capsys: Captured, desk: SignedDesk) -> None:
    """Exit status 1, and why there is none; with --json the same as an object."""
    desk.will_say((200, in_force(None)))
    for more in ([], ["--json"]):
        assert run(["policy", "show", *more]) == 1
        assert "people decide about everything: no response policy was ever pushed" in capsys.readouterr().err


def test_show_in_json_is_what_the_desk_says(capsys: Captured, desk: SignedDesk) -> None:
    """Policy, version, hash and trouble, for programs."""
    desk.will_say((200, in_force()))
    assert run(["policy", "show", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["hash"], said["policy"]["playbooks"]["contain_thing"]["mode"]) == (of(TIGHT).hash, "observe")


def test_diff_shows_what_goes_what_comes_and_what_loosens(file: Path, capsys: Captured, desk: SignedDesk) -> None:
    """The lines that differ, and each loosening with its field; nothing is pushed."""
    desk.will_say((200, in_force()))
    assert run(["policy", "diff", str(file)]) == 0
    out = capsys.readouterr().out
    assert "-    mode: observe\n+    mode: approve\n" in out
    assert f"It loosens the policy, which takes two people:\n  {LOOSENS}\n" in out
    assert run(["policy", "diff", "--json", str(file)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["in_force"], said["file"], said["loosenings"]) == (of(TIGHT).hash, of(WIDE).hash, [LOOSENS])
    assert "+    mode: approve" in said["changes"]
    assert posted(desk) == []


def test_diff_says_where_nothing_is_changed_or_loosened(file: Path, capsys: Captured, desk: SignedDesk) -> None:
    """The same policy, and a tighter one."""
    desk.will_say((200, in_force(WIDE)))
    assert run(["policy", "diff", str(file)]) == 0
    assert capsys.readouterr().out == "nothing is changed\nIt loosens nothing: one person may push it.\n"
    file.write_text(f"{WIDE}leases:\n  hours: 24\n")
    assert run(["policy", "diff", str(file)]) == 0
    assert "It loosens nothing: one person may push it.\n" in capsys.readouterr().out


def test_diff_against_no_policy_shows_all_of_it(file: Path, capsys: Captured, desk: SignedDesk) -> None:
    """The first policy that only asks loosens nothing."""
    desk.will_say((200, in_force(None)))
    assert run(["policy", "diff", str(file)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("There is no response policy in force: no response policy was ever pushed\n")
    assert "+    mode: approve\n" in out
    assert "It loosens nothing" in out


def test_push_names_the_policy_that_it_was_compared_with(file: Path, capsys: Captured, desk: SignedDesk) -> None:
    """The whole policy, and the hash of the one that was shown: the desk puts it in force, exit status 0."""
    desk.will_say((200, in_force()), (200, pushed()))
    assert run(["policy", "push", "--yes", str(file)]) == 0
    (body,) = posted(desk)
    assert body["base"] == of(TIGHT).hash
    assert ResponsePolicy.parsed(json.dumps(body["policy"])) == of(WIDE)
    assert f"In force: {of(WIDE).hash}, version v2" in capsys.readouterr().out


def test_push_where_there_is_none_names_none(file: Path, desk: SignedDesk) -> None:
    """The first push is against no policy."""
    desk.will_say((200, in_force(None)), (200, pushed()))
    assert run(["policy", "push", "--yes", str(file)]) == 0
    assert posted(desk)[0]["base"] is None


def test_a_push_that_loosens_waits(file: Path, capsys: Captured, desk: SignedDesk) -> None:
    """Exit status 3: a second person must push it, and until when."""
    desk.will_say((200, in_force()), (200, pushed("proposed")))
    assert run(["policy", "push", "--yes", str(file)]) == 3
    assert f"another person must push the very same one until {EXPIRES}" in capsys.readouterr().out


def test_push_in_json_is_what_the_desk_says_and_nothing_else(file: Path, capsys: Captured, desk: SignedDesk) -> None:
    """One object; and without --yes, which nobody could be asked for, it is bad usage."""
    desk.will_say((200, in_force()), (200, pushed("proposed")))
    assert run(["policy", "push", "--json", "--yes", str(file)]) == 3
    assert json.loads(capsys.readouterr().out) == pushed("proposed")
    desk.asked.clear()
    assert run(["policy", "push", "--json", str(file)]) == 2
    assert desk.asked == []


def test_nothing_is_pushed_that_the_person_did_not_agree_to(
    file: Path, capsys: Captured, desk: SignedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changes is shown first; the answer no, or no answer, pushes nothing."""
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    desk.will_say((200, in_force()))
    assert run(["policy", "push", str(file)]) == 1
    out, error = capsys.readouterr()
    assert LOOSENS in out
    assert error == "cordon: nothing was pushed\n"
    assert posted(desk) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("StalePolicy", "another response policy is in force (0123) than the one that this was compared with (4567)"),
        ("SameIdentity", "ann has pushed it already: another person must, until 2026-11-24T12:00:00+00:00"),
    ],
)
def test_what_the_desk_refuses_is_told_in_its_words(
    name: str, message: str, file: Path, capsys: Captured, desk: SignedDesk
) -> None:
    """Stale, or the same person twice: one line, exit status 1."""
    desk.will_say((200, in_force()), (409, {"error": name, "message": message}))
    assert run(["policy", "push", "--yes", str(file)]) == 1
    assert capsys.readouterr().err == f"cordon: the desk refused ({name}): {message}\n"


def test_a_policy_that_this_version_does_not_know_is_not_compared(
    file: Path, capsys: Captured, desk: SignedDesk
) -> None:
    """A later version's policy is in force: nothing is pushed over what cannot be read."""
    desk.will_say((200, in_force(policy={"playbooks": {}, "a_later_field": 1})))
    assert run(["policy", "push", "--yes", str(file)]) == 1
    assert "this version of the command does not understand the policy in force" in capsys.readouterr().err
    assert posted(desk) == []
