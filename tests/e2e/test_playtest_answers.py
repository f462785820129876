"""`cordon playtest run` where people are asked: who answers, how, and what is done then and no sooner."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from oncall.cli import run

EVENTS = Path(__file__).parents[2] / "events"
SAMPLE = str(EVENTS / "device-defender-detect.in-alarm.messages-sent-contained.json")
STDOUT = pytest.CaptureFixture[str]
OWN = {r"\b[0-9a-f]{64}\b": "<hash>", r"\binc-\d{8}-[0-9a-f]{10}\b": "<incident>"}
"""What is another one in each run: certificates and their policies, and the incident's id."""
ON_CALL = "arn:aws:iam::123456789012:role/OnCall"
BOB = "arn:aws:iam::123456789012:user/on-call/bob"


def played(capsys: STDOUT, *arguments: str) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """The exit status, the only incident, and the whole result of a run."""
    status = run(["playtest", "run", "--json", *arguments])
    out, error = capsys.readouterr()
    assert error == ""
    result = json.loads(out)
    (incident,) = result["incidents"]
    return status, incident, result


def plan_of(incident: dict[str, Any]) -> str:
    """What the incident's changes are, in order, without what is another one in each run."""
    said = json.dumps(
        [[one[part] for part in ("action", "resource", "before", "after")] for one in incident["changes"]]
    )
    for pattern, instead in OWN.items():
        said = re.sub(pattern, instead, said)
    return said


def policy_file(path: Path, text: str) -> str:
    """The name of a file with this response policy."""
    file = path / "response-policy.yaml"
    file.write_text(text)
    return str(file)


def test_a_plan_that_nobody_answers_waits_and_changes_nothing(capsys: STDOUT) -> None:
    """Exit status 3, the fleet untouched, and the request with plan, time and people in the result."""
    status, incident, result = played(capsys, "--mode", "approve", SAMPLE)
    assert (status, incident["status"], incident["decision"]) == (3, "awaiting_approval", "approve")
    assert result["fleet_diff"] == []
    assert not any(change["applied"] for change in incident["changes"])
    approval = incident["approval"]
    assert (approval["status"], approval["decisions"], approval["identities_needed"]) == ("pending", [], 1)
    assert approval["plan_hash"] == incident["plan_hash"]
    assert approval["requested_at"] < approval["expires_at"]
    assert result["policy"]["hash"] == incident["policy_hash"]
    assert result["policy"]["says"]["playbooks"]["contain_thing"]["mode"] == "approve"


def test_approve_does_exactly_what_the_waiting_plan_said(capsys: STDOUT) -> None:
    """The same changes in the same order, all made and read back, and nothing else of the fleet is different."""
    _, waiting, _ = played(capsys, "--mode", "approve", SAMPLE)
    status, incident, result = played(capsys, "--mode", "approve", "--approve", SAMPLE)
    assert (status, incident["status"], incident["approval"]["status"]) == (0, "contained", "used")
    assert plan_of(incident) == plan_of(waiting)
    assert all(change["verified"] for change in incident["changes"])
    assert [one["identity"] for one in incident["approval"]["decisions"]] == [ON_CALL]
    touched = {(change["resource"].partition("/")[0], change["field"]) for change in result["fleet_diff"]}
    assert touched == {
        ("certificate", "status"),
        ("certificate", "policies"),
        ("policy", "document"),
        ("group", "members"),
        ("thing", "groups"),
        ("session", "connected"),
    }
    assert incident["states"].index("ReadDecision") < incident["states"].index("DeactivateCertificates")


@pytest.mark.parametrize(
    ("arguments", "status", "ended", "asked"),
    [
        (["--mode", "approve", "--reject"], 0, "stood_down", "rejected"),
        (["--mode", "approve", "--silent"], 1, "escalated", "expired"),
        (["--mode", "observe", "--approve"], 0, "observed", None),
    ],
)
def test_without_an_approval_nothing_changes(
    capsys: STDOUT, *, arguments: list[str], status: int, ended: str, asked: str | None
) -> None:
    """Rejected, unanswered or only observed: the fleet is as before, and no change was even begun."""
    exit_status, incident, result = played(capsys, *arguments, SAMPLE)
    assert (exit_status, incident["status"]) == (status, ended)
    assert result["fleet_diff"] == []
    assert {change["status"] for change in incident["changes"]} == {"planned"}
    assert (incident["approval"] or {"status": None})["status"] == asked


def test_what_asks_in_automatic_mode_is_answered_too(capsys: STDOUT) -> None:
    """A safety-critical thing asks whatever the mode: approved, only the listed topics are denied, and it stays on."""
    sample = str(next(EVENTS.glob("device-defender-detect.in-alarm.safety-critical-*.json")))
    _, waiting, untouched = played(capsys, sample)
    assert (waiting["status"], untouched["fleet_diff"]) == ("awaiting_approval", [])
    status, incident, result = played(capsys, "--approve", sample)
    assert (status, incident["status"], incident["containment"]) == (1, "partial", "restrict")
    assert not any(change["resource"].startswith("session/") for change in result["fleet_diff"])
    assert {change["field"] for change in result["fleet_diff"]} == {"policies", "document"}


def test_two_people_answer_where_the_policy_of_a_file_says_two(capsys: STDOUT, tmp_path: Path) -> None:
    """Under `--policy` its own words hold: two distinct identities stand behind the plan before anything is done."""
    file = policy_file(
        tmp_path,
        """
        playbooks:
          contain_thing: {mode: automatic, severity: {medium: approve}, two_approvers: [standard]}
        budgets: [{scope: fleet, things: 1}]
        alarms: {max_age_hours: 0}
        """,
    )
    status, incident, result = played(capsys, "--policy", file, "--approve", SAMPLE)
    assert (status, incident["status"], incident["mode"]) == (0, "contained", "approve")
    assert [one["identity"] for one in incident["approval"]["decisions"]] == [ON_CALL, BOB]
    assert incident["approval"]["identities_needed"] == 2
    assert result["policy"]["says"]["budgets"][0]["things"] == 1


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        ("playbooks: {contain_thing: {mode: atomatic}}", [], "response-policy.yaml:1:"),
        ("playbooks: {contain_thing: {mode: observe}}\nbudget: []\n", [], "response-policy.yaml:2:"),
        (
            "playbooks: {contain_thing: {mode: observe}}",
            ["--mode", "observe"],
            "--mode: found 'observe', expected none",
        ),
    ],
)
def test_a_policy_that_is_wrong_is_bad_usage(
    capsys: STDOUT, tmp_path: Path, *, text: str, arguments: list[str], words: str
) -> None:
    """Status 2 and one line with the file, the line and the field; nothing is played."""
    assert run(["playtest", "run", "--policy", policy_file(tmp_path, text), *arguments, SAMPLE]) == 2
    out, error = capsys.readouterr()
    assert (out, error.count("\n"), words in error) == ("", 1, True)


def test_answers_come_when_all_alarms_are_in(capsys: STDOUT, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second alarm of the thing joins the incident that waits: one request, one approval, one containment."""
    again = json.dumps({**json.loads(Path(SAMPLE).read_text()), "violationId": "f" * 32})
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(again.encode())))
    status, incident, _ = played(capsys, "--mode", "approve", "--approve", SAMPLE, "-")
    assert (status, incident["status"], incident["sightings"]) == (0, "contained", 2)
    assert len(incident["approval"]["decisions"]) == 1


def test_an_alarm_that_clears_while_a_plan_waits_is_part_of_the_request(capsys: STDOUT) -> None:
    """It is told beside the plan, and lifts nothing: the plan still waits."""
    cleared = str(EVENTS / "device-defender-detect.alarm-cleared.nothing-open-ignored.json")
    status, incident, result = played(capsys, "--mode", "approve", SAMPLE, cleared)
    assert (status, incident["status"], incident["approval"]["status"]) == (3, "awaiting_approval", "pending")
    assert incident["approval"]["requested_at"] < incident["approval"]["cleared_at"]
    assert result["fleet_diff"] == []


def test_every_request_is_answered(capsys: STDOUT) -> None:
    """Three things, three incidents, three approvals: none is left waiting, and none is taken for another's."""
    things = ["press-01", "press-02", "press-03"]
    alarms = [json.dumps({**json.loads(Path(SAMPLE).read_text()), "thingName": thing}) for thing in things]
    envelope = json.dumps({"Records": [{"Sns": {"Message": alarm}} for alarm in alarms]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(envelope.encode())))
        adding = [part for thing in things for part in ("--with-thing", thing)]
        status = run(["playtest", "run", "--json", "--mode", "approve", "--approve", *adding, "-"])
    result = json.loads(capsys.readouterr().out)
    assert (status, {one["status"] for one in result["incidents"]}) == (0, {"contained"})
    assert sorted(one["thing"] for one in result["incidents"]) == things


def test_the_human_view_shows_the_request_and_the_command_that_answers_it(capsys: STDOUT) -> None:
    """Who waits, for what and until when; the command stands alone on its line, whole, to be copied."""
    assert run(["playtest", "run", "--mode", "approve", SAMPLE]) == 3
    out, error = capsys.readouterr()
    assert error == ""
    assert re.search(r"^  \+00:\d\d  ⧖ RequestApproval +waits$", out, re.MULTILINE)
    assert "aborted" not in out
    assert re.search(r"approval +pending: asked a person, until \d\d:\d\d:\d\d UTC, for the plan", out)
    assert re.search(r"^cordon approve inc-\d{8}-[0-9a-f]{10} --plan [0-9a-f]{64}$", out, re.MULTILINE)
    assert out.splitlines()[-1] == "Exit 3: a plan waits for approval by a person."


def test_the_human_view_shows_who_decided(capsys: STDOUT) -> None:
    """The identity as AWS signed it, with the reason; and no command, since nothing waits any more."""
    assert run(["playtest", "run", "--mode", "approve", "--reject", SAMPLE]) == 0
    out = capsys.readouterr().out
    assert f"rejected by {ON_CALL} at" in out
    assert "STOOD_DOWN" in out
    assert "It waits." not in out
