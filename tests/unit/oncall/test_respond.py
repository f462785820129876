from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import typer

from oncall.cli import run
from tests.unit.oncall.desk_says import (
    HASH,
    ID,
    OTHER_HASH,
    a_change,
    a_decision,
    a_dry_run,
    a_plan,
    a_request,
    an_incident,
    started,
)
from tests.unit.oncall.signed_desk import SignedDesk

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
STDOUT = pytest.CaptureFixture[str]
RESPOND = ["respond", "contain_thing", "--thing", "pump-01", "--reason", "it sends too much"]
OTHER_PLAN = a_plan(OTHER_HASH, changes=[a_change(), a_change(resource="certificate/" + "e" * 64)])
OTHER = an_incident(plan=OTHER_PLAN, approval=a_request(plan_hash=OTHER_HASH))


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody sleeps here; the seconds that were asked for."""
    asked: list[float] = []
    for module in ("following", "responding"):
        monkeypatch.setattr(f"oncall.{module}.pause", asked.append)
    return asked


@pytest.fixture
def person_says(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Let the person type these answers, one after the other; the questions are returned."""

    def says(answers: str) -> list[str]:
        questions: list[str] = []

        def confirm(question: str, *, default: bool) -> bool:
            questions.append(question)
            said = answers.split()[len(questions) - 1]
            return default if said == "enter" else said == "y"

        monkeypatch.setattr("typer.confirm", confirm)
        return questions

    return says


def approved(desk: SignedDesk) -> list[str]:
    """The hashes of the plans that were approved, in order."""
    return [one.body["plan_hash"] for one in desk.asked if one.path.endswith("/approve")]


def test_the_plan_is_shown_agreed_to_started_approved_and_watched_to_its_end(
    desk: SignedDesk, capsys: STDOUT, person_says: Callable[[str], list[str]]
) -> None:
    """One question: the plan that waits makes the changes that were shown, under the incident's own name."""
    desk.will_say(
        (200, a_dry_run()),
        (200, started()),
        (200, an_incident("opened", plan=None, approval=None)),
        (200, an_incident()),
        (200, a_decision()),
        (200, an_incident(approval=a_request(status="approved"))),
        (200, an_incident("responding", approval=a_request(status="used"))),
        (200, an_incident("contained")),
    )
    questions = person_says("y")
    assert run(RESPOND) == 0
    assert questions == ["Start it, and approve this plan?"]
    assert approved(desk) == [HASH]
    begun = desk.asked[1]
    assert (begun.method, begun.path) == ("POST", "/respond")
    request_id = begun.body.pop("request_id")
    assert len(request_id) == 32
    assert begun.body == {"playbook": "contain_thing", "thing_name": "pump-01", "reason": "it sends too much"}
    out = capsys.readouterr().out
    assert f"{ID} was opened" in out
    assert f"{ID}  CONTAINED  pump-01" in out
    assert out.endswith("Ticket: oi-0123456789ab\n")


def test_nothing_is_started_that_the_person_did_not_agree_to(
    desk: SignedDesk, capsys: STDOUT, person_says: Callable[[str], list[str]]
) -> None:
    """A no ends it, and so does a plan that cannot be carried out."""
    person_says("enter")
    desk.will_say((200, a_dry_run()))
    assert run(RESPOND) == 1
    desk.will_say((200, a_dry_run(blockers=["AWS IoT has no thing pump-01"])))
    assert run([*RESPOND, "--yes"]) == 1
    assert [one.path for one in desk.asked] == ["/plan", "/plan"]
    assert capsys.readouterr().err == (
        "cordon: nothing was started\ncordon: nothing was started: AWS IoT has no thing pump-01\n"
    )


@pytest.mark.parametrize(("agrees", "hashes", "status"), [(True, [OTHER_HASH], 0), (False, [], 3)])
def test_another_plan_than_the_one_that_was_shown_is_shown_and_asked_again(
    desk: SignedDesk,
    capsys: STDOUT,
    person_says: Callable[[str], list[str]],
    *,
    agrees: bool,
    hashes: list[str],
    status: int,
) -> None:
    """Without a second yes it is left waiting, with the command that approves it."""
    questions = person_says("y y" if agrees else "y enter")
    then = [(200, a_decision()), (200, an_incident("contained"))] if agrees else []
    desk.will_say((200, a_dry_run()), (200, started()), (200, OTHER), *then)
    assert run(RESPOND) == status
    assert questions == ["Start it, and approve this plan?", "Approve this plan?"]
    assert approved(desk) == hashes
    out = capsys.readouterr().out
    assert "The plan is not the one that was shown" in out
    assert (f"cordon approve {ID} --plan {OTHER_HASH}" in out) is not agrees


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_with_yes_another_plan_is_left_waiting(desk: SignedDesk, capsys: STDOUT, more: list[str]) -> None:
    """`--yes` agrees to what was planned when it was typed, not to whatever comes."""
    desk.will_say((200, a_dry_run()), (200, started()), (200, OTHER))
    assert run([*RESPOND, "--yes", *more]) == 3
    assert approved(desk) == []
    if more:
        assert json.loads(capsys.readouterr().out) == OTHER


def test_where_two_people_are_needed_the_requester_is_told_that_another_one_is(
    desk: SignedDesk, capsys: STDOUT
) -> None:
    """The desk does not count one person twice: the plan waits, and its command is shown."""
    refusal = {"error": "SameIdentity", "message": "2 people must be behind it"}
    desk.will_say((200, a_dry_run()), (200, started()), (200, an_incident()), (409, refusal))
    assert run([*RESPOND, "--yes"]) == 3
    out = capsys.readouterr().out
    assert "2 people must be behind it" in out
    assert f"cordon approve {ID} --plan {HASH}" in out


def test_the_first_of_two_approvals_is_given_once(desk: SignedDesk) -> None:
    """Recorded, and still pending: it is not given again and again."""
    desk.will_say((200, a_dry_run()), (200, started()), (200, an_incident()), (200, a_decision("pending")))
    desk.answers.append((200, an_incident(), {}))
    assert run([*RESPOND, "--yes"]) == 3
    assert approved(desk) == [HASH]


def test_a_request_that_moved_on_meanwhile_is_looked_at_again(desk: SignedDesk) -> None:
    """The alarm's own request was replaced between the look and the approval: the new plan is judged anew."""
    refusal = {"error": "WrongPlan", "message": "it asks about another plan"}
    again = an_incident(plan=a_plan(OTHER_HASH), approval=a_request(plan_hash=OTHER_HASH))
    desk.will_say((200, a_dry_run()), (200, started()), (200, an_incident()), (409, refusal), (200, again))
    desk.answers += [(200, a_decision(), {}), (200, an_incident("contained"), {})]
    assert run([*RESPOND, "--yes"]) == 0
    assert approved(desk) == [HASH, OTHER_HASH]


@pytest.mark.parametrize(
    ("status", "exit_status"),
    [("contained", 0), ("observed", 0), ("stood_down", 0), ("partial", 1), ("escalated", 1), ("closed", 0)],
)
def test_the_exit_status_is_that_of_the_incidents_end(desk: SignedDesk, status: str, exit_status: int) -> None:
    """As for the playtest: what a person must look at is 1."""
    desk.will_say((200, a_dry_run()), (200, started("joined")), (200, an_incident(status)))
    assert run([*RESPOND, "--yes", "--json"]) == exit_status


def test_an_observed_incident_that_is_about_to_be_assessed_again_is_watched_on(desk: SignedDesk) -> None:
    """A request that joins it starts it anew: it has not ended yet."""
    desk.will_say((200, a_dry_run()), (200, started("joined")), (200, an_incident("observed", reassess=True)))
    desk.answers.append((200, an_incident("contained"), {}))
    assert run([*RESPOND, "--yes", "--json"]) == 0


def test_the_start_is_asked_for_again_under_the_same_id(desk: SignedDesk) -> None:
    """A desk that did not answer may have opened the incident: it knows the request by its id."""
    desk.will_say((200, a_dry_run()), (502, {}), (503, {"error": "RetryLater", "message": "busy"}), (200, started()))
    desk.answers.append((200, an_incident("contained"), {}))
    assert run([*RESPOND, "--yes"]) == 0
    assert len({one.body["request_id"] for one in desk.asked if one.path == "/respond"}) == 1


def test_a_desk_that_is_gone_for_good_is_told(desk: SignedDesk, capsys: STDOUT) -> None:
    """A while of trouble is waited through, and what was started goes on without anybody watching."""
    desk.will_say((200, a_dry_run()), (200, started()), (502, {}))
    assert run([*RESPOND, "--yes"]) == 1
    out, error = capsys.readouterr()
    assert f"{ID} was opened" in out
    assert "HTTP 502" in error
    assert f"{ID} goes on by itself" in error


def test_an_approval_whose_answer_was_lost_is_given_again(desk: SignedDesk) -> None:
    """Whether it counted is seen at the next look: still pending, it is given once more, and counts once."""
    desk.will_say((200, a_dry_run()), (200, started()), (200, an_incident()), (502, {}), (200, an_incident()))
    desk.answers += [(200, a_decision(), {}), (200, an_incident("contained"), {})]
    assert run([*RESPOND, "--yes"]) == 0
    assert approved(desk) == [HASH, HASH]


def test_ctrl_c_at_the_second_question_leaves_it_waiting(
    desk: SignedDesk, capsys: STDOUT, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was started goes on, and it is said so: the plan waits for whoever answers."""

    def confirm(question: str, **_: object) -> bool:
        if question.startswith("Start"):
            return True
        raise typer.Abort

    monkeypatch.setattr("typer.confirm", confirm)
    desk.will_say((200, a_dry_run()), (200, started()), (200, OTHER))
    assert run(RESPOND) == 1
    assert approved(desk) == []
    assert capsys.readouterr().err == f"cordon: no longer watching: {ID} goes on by itself, and its ticket tells how\n"


def test_what_is_still_going_on_is_not_watched_for_ever(desk: SignedDesk, capsys: STDOUT, pauses: list[float]) -> None:
    """`--watch` says for how long; then it is said where it stands, and the exit status is that of an open incident."""
    desk.will_say((200, a_dry_run()), (200, started()), (200, an_incident("responding")))
    assert run([*RESPOND, "--yes", "--watch", "1"]) == 1
    assert sum(pauses) == pytest.approx(60, abs=5)
    assert f"It goes on by itself. Should its plan wait for approval: cordon approve {ID}" in capsys.readouterr().out


def test_ctrl_c_ends_the_watching_only(desk: SignedDesk, capsys: STDOUT, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was started goes on, and it is said so; nothing is asked of the desk any more."""

    def stopped(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("oncall.following.pause", stopped)
    desk.will_say((200, a_dry_run()), (200, started()), (200, an_incident("responding")))
    assert run([*RESPOND, "--yes"]) == 1
    assert capsys.readouterr().err == f"cordon: no longer watching: {ID} goes on by itself, and its ticket tells how\n"
    assert len(desk.asked) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*RESPOND, "--json"], "--json: found no --yes beside it"),
        (RESPOND[:-2], "--reason"),
        (["respond", "contain_thing", "--reason", "why"], "--thing"),
        ([*RESPOND, "--watch", "-1"], "--watch"),
    ],
)
def test_what_is_missing_is_bad_usage(desk: SignedDesk, capsys: STDOUT, arguments: list[str], words: str) -> None:
    """One line, status 2, and the desk is not asked."""
    assert run(arguments) == 2
    assert words in capsys.readouterr().err
    assert desk.asked == []
