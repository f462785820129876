"""The commands of people on call, through real signed requests to the desk of the local AWS."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cordon.model.incident import Incident, IncidentStatus, Mode
from cordon.model.response_policy import PlaybookPolicy
from cordon.model.thing import Criticality

from oncall.cli import run
from playtest.fleet import diff
from playtest.local_aws import LocalAws
from playtest.local_aws.function_urls import ALICE, BOB
from tests.e2e.answers import Alarm, Up, answered, locks, request_of, the_incident
from tests.e2e.served_desk import Serve, be, everything

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
PAGE = Path(__file__).parents[2] / "docs" / "oncall.md"
STDOUT = pytest.CaptureFixture[str]
RESPOND = ["respond", "contain_thing", "--thing", "pump-01", "--reason", "it answers to somebody else"]
ROLE = "arn:aws:iam::123456789012:role/OnCall"
TWO_PEOPLE = {"contain_thing": PlaybookPolicy(mode=Mode.APPROVE, two_approvers=[Criticality.STANDARD])}


@pytest.fixture
def aws(up: Up, at_the_desk: Serve) -> LocalAws:
    """A local AWS that asks for approval of every containment, and its desk."""
    started = up(Mode.APPROVE)
    at_the_desk(started)
    return started


def waiting(aws: LocalAws, alarm: str) -> Incident:
    """The only incident there is, which waits for approval after an alarm."""
    incident = answered(aws, alarm)
    assert incident.status is IncidentStatus.AWAITING_APPROVAL
    return incident


def test_a_dry_run_shows_the_plan_and_leaves_no_trace(aws: LocalAws, capsys: STDOUT) -> None:
    """Whoever asks what would be done changes nothing: no incident, no row, no thing."""
    before, rows = aws.fleet.snapshot(), everything(aws)
    assert run(["plan", "contain_thing", "--thing", "pump-01"]) == 0
    out = capsys.readouterr().out
    certificate = aws.fleet.certificate_id("pump-01")
    assert f"certificate_status certificate/{certificate}: ACTIVE → INACTIVE" in out
    assert "drop_session connection/pump-01" in out
    assert "hits 1 thing:\n    pump-01\n" in out
    assert "it would be carried out once a person approved this plan (mode approve)" in out
    left = re.sub(r"\b[0-9a-f]{64}\b", "<hash>", out)
    for part in sample():
        assert part in left
        left = left.partition(part)[2]
    assert left == "", "the page shows the last line"
    aws.settle()
    assert (diff(before, aws.fleet.snapshot()), everything(aws)) == ([], rows)


def test_a_thing_is_contained_from_the_first_look_to_the_proof(aws: LocalAws, capsys: STDOUT) -> None:
    """Shown, started, approved as the same person and proven: the plan of the dry run, in the incident's own name."""
    assert run([*RESPOND, "--yes"]) == 0
    incident = the_incident(aws)
    assert (incident.status, incident.requested_by) == (IncidentStatus.CONTAINED, ROLE)
    assert [(one.identity, one.user_arn) for one in request_of(aws, incident).decisions] == [(ROLE, ALICE)]
    certificate = aws.client("iot").describe_certificate(certificateId=aws.fleet.certificate_id("pump-01"))
    assert certificate["certificateDescription"]["status"] == "INACTIVE"
    assert not aws.fleet.broker.sessions.is_connected("pump-01")
    assert aws.fleet.broker.sessions.is_connected("pump-02")
    out = capsys.readouterr().out
    assert f"{incident.id} was opened" in out
    assert "The plan is not the one" not in out
    assert f"{incident.id}  CONTAINED  pump-01" in out
    assert locks(aws) == []


def test_a_plan_that_is_shown_is_approved_by_its_hash(
    aws: LocalAws, alarm: Alarm, capsys: STDOUT, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`cordon approve` shows what waits, asks, and stands for that very plan."""
    incident = waiting(aws, alarm("pump-01"))
    monkeypatch.setattr("typer.confirm", lambda *_, **__: True)
    assert run(["approve", incident.id]) == 0
    out = capsys.readouterr().out
    assert f"plan {incident.plan_hash}" in out
    assert out.endswith(
        f"{incident.id}: approved, by {ROLE}\n  the playbook looks once more, and carries this plan out or asks again\n"
    )
    aws.settle()
    assert the_incident(aws).status is IncidentStatus.CONTAINED


def test_a_rejected_plan_is_not_carried_out(aws: LocalAws, alarm: Alarm, capsys: STDOUT) -> None:
    """The fleet stays as it is, the reason stands in the record, and approving it afterwards is refused."""
    before = aws.fleet.snapshot()
    incident = waiting(aws, alarm("pump-01"))
    hash_ = ["--plan", str(incident.plan_hash)]
    assert run(["reject", incident.id, *hash_, "--reason", "our own test"]) == 0
    aws.settle()
    assert run(["approve", incident.id, *hash_]) == 1
    assert "the desk refused (AlreadyDecided)" in capsys.readouterr().err
    assert the_incident(aws).status is IncidentStatus.STOOD_DOWN
    assert any("our own test" in reason for reason in the_incident(aws).reasons)
    assert diff(before, aws.fleet.snapshot()) == []


def test_two_people_are_two_people(up: Up, at_the_desk: Serve, capsys: STDOUT, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asked for it is one of them and cannot be both; the command that is left for the other one contains it."""
    aws = up(Mode.APPROVE, playbooks=TWO_PEOPLE)
    at_the_desk(aws)
    before = aws.fleet.snapshot()
    assert run([*RESPOND, "--yes"]) == 3
    out = capsys.readouterr().out
    assert "SameIdentity" in out
    aws.settle()
    assert diff(before, aws.fleet.snapshot()) == []
    command = re.search(r"^cordon (approve inc-\S+ --plan [0-9a-f]{64})$", out, re.MULTILINE)
    assert command
    be(monkeypatch, BOB)
    assert run(command[1].split()) == 0
    aws.settle()
    incident = the_incident(aws)
    assert incident.status is IncidentStatus.CONTAINED
    assert request_of(aws, incident).behind == {ROLE.casefold(), BOB.casefold()}


def test_the_first_of_two_is_told_that_another_one_is_missing(
    up: Up, at_the_desk: Serve, alarm: Alarm, capsys: STDOUT, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody asked for it, so two must approve: after the first nothing is done yet, after the second all of it is."""
    aws = up(Mode.APPROVE, playbooks=TWO_PEOPLE)
    at_the_desk(aws)
    incident = waiting(aws, alarm("pump-01"))
    hash_ = ["--plan", str(incident.plan_hash)]
    assert run(["approve", incident.id, *hash_]) == 3
    assert f"behind it: {ROLE}; 1 other person must approve it too" in capsys.readouterr().out
    aws.settle()
    assert aws.fleet.broker.sessions.is_connected("pump-01")
    be(monkeypatch, BOB)
    assert run(["approve", incident.id, *hash_]) == 0
    aws.settle()
    assert the_incident(aws).status is IncidentStatus.CONTAINED


REFUSALS = (
    (["approve", "{id}", "--plan", "0" * 64], 1, "the desk refused (WrongPlan)"),
    (["approve", "inc-20200101-0123456789"], 2, "the desk refused (UnknownIncident)"),
    (["reject", "inc-20200101-0123456789", "--plan", "0" * 64], 2, "the desk refused (UnknownIncident)"),
    (["plan", "no_such_playbook", "--thing", "pump-01"], 2, "playbook"),
    (["plan", "contain_thing", "--thing", "a b"], 2, "thing_name"),
    (["respond", "contain_thing", "--thing", "ghost-99", "--reason", "why", "--yes"], 1, "no thing ghost-99"),
    (["respond", "contain_thing", "--thing", "pump-02", "--reason", "x" * 501, "--yes"], 2, "reason"),
)
"""What is typed, the exit status, and what the line on standard error says."""


def test_what_the_desk_refuses_changes_nothing(aws: LocalAws, alarm: Alarm, capsys: STDOUT) -> None:
    """One line with the desk's own reason; record and fleet are as before."""
    incident = waiting(aws, alarm("pump-01"))
    before, rows = aws.fleet.snapshot(), everything(aws)
    for arguments, status, words in REFUSALS:
        assert run([part.replace("{id}", incident.id) for part in arguments]) == status, arguments
        error = capsys.readouterr().err
        assert (words in error, error.count("\n")) == (True, 1), error
    aws.settle()
    assert (diff(before, aws.fleet.snapshot()), everything(aws)) == ([], rows)


NOT_MINE = (
    ({"AWS_SECRET_ACCESS_KEY": "somebody else's"}, "AWS does not take your credentials"),
    ({"AWS_SESSION_TOKEN": "forged"}, "AWS does not take your credentials"),
    ({"AWS_ACCESS_KEY_ID": "AKIASTRANGER"}, "AWS does not take your credentials"),
    ({"AWS_DEFAULT_REGION": "us-west-2"}, "the desk is not in the Region us-west-2"),
    ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}, "no AWS credentials"),
)
"""What is wrong in a person's environment, and what he is told."""


def test_without_the_right_credentials_nothing_is_decided(aws: LocalAws, alarm: Alarm, capsys: STDOUT) -> None:
    """What AWS's gate refuses never comes to the desk: the plan waits on."""
    incident = waiting(aws, alarm("pump-01"))
    before = aws.fleet.snapshot()
    for wrong, words in NOT_MINE:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in wrong.items():
                patch.setenv(name, value)
            assert run(["approve", incident.id, "--plan", str(incident.plan_hash)]) == 1, wrong
        assert words in capsys.readouterr().err
    aws.settle()
    assert the_incident(aws) == incident
    assert diff(before, aws.fleet.snapshot()) == []


def test_json_goes_from_the_plan_to_the_end(aws: LocalAws, capsys: STDOUT) -> None:
    """For scripts: one object a command, the desk's own."""
    assert run(["plan", "contain_thing", "--thing", "pump-01", "--json"]) == 0
    dry = json.loads(capsys.readouterr().out)
    assert run([*RESPOND, "--yes", "--json"]) == 0
    ended = json.loads(capsys.readouterr().out)
    assert (dry["decision"], ended["status"]) == ("approve", "contained")
    assert len(dry["plan"]["changes"]) == len(ended["plan"]["changes"])


def sample() -> list[str]:
    """The parts of the dry run that docs/oncall.md shows; lines are left out between each and the next."""
    shown = PAGE.read_text().partition("$ cordon plan contain_thing --thing pump-01\n")[2].partition("```")[0]
    return [re.sub(r"\b[0-9a-f]{8}…", "<hash>", part) for part in re.split(r"^…\n", shown, flags=re.MULTILINE)]
