from __future__ import annotations

import io
import json
from typing import Any

import pytest

from oncall.cli import run
from tests.unit.oncall.desk_says import (
    HASH,
    ID,
    MARIA,
    POLICY,
    a_change,
    a_decision,
    a_dry_run,
    a_plan,
    a_request,
    an_incident,
)
from tests.unit.oncall.signed_desk import SignedDesk

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
STDOUT = pytest.CaptureFixture[str]
HOSTILE = "evil\x1b[2J\x07\u202e\nname"


def asked(desk: SignedDesk) -> list[tuple[str, str, Any]]:
    """What was asked of the desk, in order."""
    return [(one.method, one.path, one.body) for one in desk.asked]


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_without_a_hash_the_plan_is_shown_and_nothing_is_decided_unless_the_person_agrees(
    desk: SignedDesk, capsys: STDOUT, monkeypatch: pytest.MonkeyPatch, verdict: str
) -> None:
    """The person sees every change, who is hit, what stays open and until when; no is the answer to an empty line."""
    desk.will_say((200, an_incident()))
    monkeypatch.setattr("typer.confirm", lambda *_, default: default)
    assert run([verdict, ID]) == 1
    out, error = capsys.readouterr()
    assert asked(desk) == [("GET", f"/incidents/{ID}", None)]
    assert error == "cordon: nothing was decided\n"
    for said in (
        "f" * 64,
        "ACTIVE → INACTIVE",
        "      Allow iot:Connect on *\n",
        "hits 1 thing",
        "sts/device",
        HASH,
        "13:00:00",
    ):
        assert said in out


@pytest.mark.parametrize("typed", ["", "\n", "n\n", "no\n"])
def test_only_a_yes_is_a_yes(desk: SignedDesk, capsys: STDOUT, monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    """Nobody there, an empty line, a no: nothing is decided, and the exit status says so."""
    desk.will_say((200, an_incident()))
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert run(["approve", ID]) == 1
    assert len(desk.asked) == 1
    assert capsys.readouterr().err.splitlines()[-1] in {"cordon: nothing was decided", "cordon: stopped"}


@pytest.mark.parametrize(
    ("arguments", "verdict", "body"),
    [
        (["approve", ID], "approve", {"plan_hash": HASH}),
        (["approve", ID, "--yes"], "approve", {"plan_hash": HASH}),
        (["reject", ID, "--reason", "a test"], "reject", {"plan_hash": HASH, "reason": "a test"}),
    ],
)
def test_what_is_decided_is_the_very_plan_that_was_shown(
    desk: SignedDesk, monkeypatch: pytest.MonkeyPatch, arguments: list[str], verdict: str, body: dict[str, str]
) -> None:
    """The hash that goes to the desk is the one of the plan on the screen."""
    desk.will_say((200, an_incident()), (200, a_decision()))
    monkeypatch.setattr("typer.confirm", lambda *_, default: not default)
    assert run(arguments) == 0
    assert asked(desk)[-1] == ("POST", f"/incidents/{ID}/{verdict}", body)


def test_with_a_hash_it_is_decided_at_once(desk: SignedDesk, capsys: STDOUT) -> None:
    """Whoever names the plan has read it elsewhere; what became of it is said, with whose word counted."""
    desk.will_say((200, a_decision()))
    assert run(["approve", ID, "--plan", HASH]) == 0
    assert asked(desk) == [("POST", f"/incidents/{ID}/approve", {"plan_hash": HASH})]
    out = capsys.readouterr().out
    assert out.startswith(f"{ID}: approved, by {MARIA}\n")


def test_the_first_of_two_people_is_told_that_another_one_is_missing(desk: SignedDesk, capsys: STDOUT) -> None:
    """Exit status 3: the word counts, and the plan still waits."""
    desk.will_say((200, a_decision("pending", identities_needed=2)))
    assert run(["approve", ID, "--plan", HASH]) == 3
    assert "1 other person must approve it too" in capsys.readouterr().out


def test_json_is_the_desks_own_answer_and_asks_nothing(desk: SignedDesk, capsys: STDOUT) -> None:
    """One object on standard output; without a hash `--yes` is what says yes."""
    desk.will_say((200, an_incident()), (200, a_decision()))
    assert run(["approve", ID, "--json", "--yes"]) == 0
    assert json.loads(capsys.readouterr().out) == a_decision()


@pytest.mark.parametrize(
    ("arguments", "answer", "status", "words"),
    [
        (["approve", ID, "--json"], None, 2, "--json: found neither --plan nor --yes"),
        (["approve", "inc-1"], None, 2, "INCIDENT: found 'inc-1', expected an incident's id"),
        (["approve", "../policy"], None, 2, "INCIDENT: found '../policy'"),
        (["approve", ID, "--plan", "abc"], None, 2, "--plan: found 'abc', expected the plan's hash, 64 hex digits"),
        (["approve", ID], (404, {"error": "UnknownIncident", "message": "there is none"}), 2, "UnknownIncident"),
        (["approve", ID], (200, an_incident("contained")), 1, f"{ID} is contained: nothing of it waits for approval"),
        (["reject", ID], (200, an_incident(approval=None)), 1, "nothing of it waits for approval"),
        (["approve", ID], (200, an_incident(approval=a_request(status="approved"))), 1, "nothing of it waits"),
        (["approve", ID], (200, an_incident(approval={})), 1, "does not understand: approval.status: Field required"),
        (
            ["approve", ID, "--plan", HASH],
            (409, {"error": "WrongPlan", "message": f"{ID} asks about another plan"}),
            1,
            f"the desk refused (WrongPlan): {ID} asks about another plan",
        ),
    ],
)
def test_what_cannot_be_decided_is_one_line(
    desk: SignedDesk, capsys: STDOUT, *, arguments: list[str], answer: Any, status: int, words: str
) -> None:
    """A wrong hash, an unknown incident, one that waits for nothing: each has its line and its exit status."""
    desk.will_say(answer or (200, {}))
    assert run(arguments) == status
    out, error = capsys.readouterr()
    assert (out, error.count("\n")) == ("", 1)
    assert words in error
    assert len(desk.asked) == (answer is not None)


def test_nothing_from_outside_reaches_the_terminal_as_control_characters(desk: SignedDesk, capsys: STDOUT) -> None:
    """Names, reasons and summaries come from devices and attackers: they are shown, and do nothing."""
    change = a_plan()["changes"][0] | {"action": HOSTILE, "resource": HOSTILE, "before": HOSTILE, "after": [HOSTILE]}
    gap = {"resource": HOSTILE, "reason": HOSTILE}
    plan = a_plan(changes=[change | {"hits": [HOSTILE], "reversible": False}], gaps=[gap])
    plan["effects"] = [{"action": HOSTILE, "resource": HOSTILE, "hits": [HOSTILE]}]
    given = {"identity": HOSTILE, "decision": HOSTILE, "at": "2026-11-23T12:00:00+00:00", "reason": HOSTILE}
    request = a_request(decisions=[given], requested_by=HOSTILE, cleared_at="2026-11-23T12:01:00+00:00")
    names: dict[str, Any] = {
        "thing_name": HOSTILE,
        "playbook": HOSTILE,
        "severity": HOSTILE,
        "summary": HOSTILE,
        "reasons": [HOSTILE],
    }
    desk.will_say((200, an_incident(plan=plan, approval=request, **names)), (200, a_decision(identity=HOSTILE)))
    assert run(["approve", ID, "--yes"]) == 0
    dry = a_dry_run(plan=plan, playbook=HOSTILE, thing_name=HOSTILE, blockers=[HOSTILE], questions=[HOSTILE])
    desk.will_say((200, dry | {"mode": HOSTILE, "decision": HOSTILE, "containment": HOSTILE}))
    assert run(["plan", "contain_thing", "--thing", "pump-01"]) == 0
    desk.will_say((409, {"error": HOSTILE, "message": HOSTILE, "field": HOSTILE}))
    assert run(["plan", "contain_thing", "--thing", "pump-01"]) == 1
    out, error = capsys.readouterr()
    assert "evil" in out
    assert all(sign.isprintable() or sign == "\n" for sign in out + error)
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "it would be carried out once a person approved this plan (mode approve)"),
        ({"identities_needed": 2}, "once two people approved this plan"),
        ({"decision": "automatic", "mode": "automatic"}, "would be answered without asking anybody (mode automatic)"),
        ({"decision": "observe"}, "would only be written down"),
        ({"decision": "escalate", "blockers": ["it is elsewhere"]}, "cannot be carried out:\n    it is elsewhere"),
        ({"questions": ["it is safety-critical"]}, "a person must approve:\n    it is safety-critical"),
        (
            {"plan": a_plan(changes=[a_plan()["changes"][0] | {"reversible": False}])},
            "be undone:\n    certificate_status",
        ),
        ({"plan": a_plan(changes=[], effects=[], gaps=[])}, "cannot be undone: nothing"),
        ({"thing_name": None}, "for no known thing, isolate: a dry run"),
    ],
)
def test_a_dry_run_says_what_would_come_of_it(
    desk: SignedDesk, capsys: STDOUT, *, changed: dict[str, Any], words: str
) -> None:
    """Every change, whom it hits, what cannot be undone, whether it would ask and why."""
    desk.will_say((200, a_dry_run(**changed)))
    assert run(["plan", "contain_thing", "--thing", "pump-01"]) == 0
    assert asked(desk) == [("POST", "/plan", {"playbook": "contain_thing", "thing_name": "pump-01"})]
    assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (POLICY, "nothing → a policy of 1 statement"),
        (json.dumps(POLICY), "nothing → a policy of 1 statement"),
        ({**POLICY, "Id": "x"}, 'nothing → {"Id": "x", "Statement"'),
        (
            {"Statement": [{"Effect": "Deny", "NotAction": "x"}]},
            'nothing → {"Statement": [{"Effect": "Deny", "NotAction"',
        ),
        (
            {"Statement": [POLICY["Statement"][0] | {"Resource": ["a", "b"], "Condition": {"Bool": {"c": "true"}}}]},
            'Allow iot:Connect on a, b, and {"Condition": {"Bool": {"c": "true"}}}',
        ),
        (["x" * 5000], "x" * 5000),
    ],
)
def test_no_word_of_a_policy_is_left_out(desk: SignedDesk, capsys: STDOUT, *, after: Any, words: str) -> None:
    """Whoever approves a policy has seen all of it: statement by statement, or as it is where it says more."""
    desk.will_say((200, a_dry_run(plan=a_plan(changes=[a_change(before=None, after=after)]))))
    assert run(["plan", "contain_thing", "--thing", "pump-01"]) == 0
    assert words in capsys.readouterr().out


def test_a_dry_run_as_json_is_the_desks_own_answer(desk: SignedDesk, capsys: STDOUT) -> None:
    """One object, whole: what this version does not know of it stays in."""
    desk.will_say((200, a_dry_run(a_newer_desk=["says more"])))
    assert run(["plan", "contain_thing", "--thing", "pump-01", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == a_dry_run(a_newer_desk=["says more"])
