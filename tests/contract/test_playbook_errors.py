"""What a playbook does when something goes wrong: time-outs, retries, catches, and the errors that they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cordon import errors
from cordon.errors import NeedsAPerson, RetryLater
from cordon.response.deciding import MOST_ASKED

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]
PLAYBOOKS = {path.name.removesuffix(".asl.yaml"): path for path in sorted((ROOT / "playbooks").glob("*.asl.yaml"))}

LAMBDA = "arn:aws:states:::lambda:invoke"
FOR_PEOPLE = f"{LAMBDA}.waitForTaskToken"
LAMBDAS_OWN = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
]
"""The four that AWS asks every Lambda state to retry."""
DIED = ["Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout", "States.Timeout"]
"""What a function's death looks like, by runtime and by who noticed."""
OF_AWS = {*LAMBDAS_OWN, *DIED, "States.ALL", "States.TaskFailed", "DynamoDB.ConditionalCheckFailedException"}
OURS = {name: one for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, Exception)}

CAUGHT_ELSEWHERE = {
    ("contain_thing", "UpdateTicket"): "RecordOutcome",  # a ticket system that is down never fails an answer
    ("contain_thing", "EscalateToHuman"): "RecordEscalation",  # unpaged is not unrecorded
    ("contain_thing", "RecordEscalation"): "Escalated",  # it ends failed, and CatchUnexpectedEnd records it
    ("verify_containment", "EscalateToHuman"): "RecordEscalation",
    ("verify_containment", "RecordEscalation"): "Escalated",
    ("escalate_outbreak", "EscalateToHuman"): "RecordEscalation",
    ("escalate_outbreak", "RecordEscalation"): "Escalated",
}
"""States whose States.ALL does not lead to EscalateToHuman, and where it leads, each with its reason."""
LONGEST_ASKING = MOST_ASKED * 24 * 3600  # seconds; a request waits a day at most (`PlaybookPolicy.approval_minutes`)
LONGEST_LOOKING = 45 * 60  # seconds; VerifyContainment stops asking for another look then
MARGIN = 30 * 60  # seconds for what does not wait, and all its retries


@pytest.fixture(params=PLAYBOOKS)
def named(request: pytest.FixtureRequest) -> tuple[str, Json]:
    """Each playbook in turn, with its name."""
    name: str = request.param
    return name, yaml.safe_load(PLAYBOOKS[name].read_text())


def tasks(playbook: Json) -> Iterator[tuple[str, Json]]:
    """Every state that does something outside of the machine."""
    yield from ((name, state) for name, state in playbook["States"].items() if state["Type"] == "Task")


def steps(playbook: Json) -> Iterator[tuple[str, Json]]:
    """Every state that runs a function of ours."""
    yield from ((name, state) for name, state in tasks(playbook) if state["Resource"] in {LAMBDA, FOR_PEOPLE})


def asks(state: Json) -> bool:
    """Say whether this state waits for people."""
    return bool(state.get("Resource") == FOR_PEOPLE)


def test_the_machine_is_timed_out_after_its_longest_run_and_not_long_after(named: tuple[str, Json]) -> None:
    """The longest verification fits, and an execution that hangs is seen within half an hour of its longest run."""
    _, playbook = named
    waits = any(state["Type"] == "Wait" for state in playbook["States"].values())
    asking = any(map(asks, playbook["States"].values()))
    longest = (LONGEST_LOOKING if waits else 0) + (LONGEST_ASKING if asking else 0) + MARGIN
    assert longest <= playbook["TimeoutSeconds"] <= longest + 30 * 60


def test_every_task_is_timed_out(named: tuple[str, Json]) -> None:
    """Without a time-out a task waits for a year; one that waits for people does so as long as the policy says."""
    for name, state in tasks(named[1]):
        if asks(state):
            assert state["TimeoutSecondsPath"] == "$.assessment.approval_seconds", name
        else:
            assert 0 < state.get("TimeoutSeconds", 0) <= 60, name


def test_a_function_times_out_before_its_state_does(named: tuple[str, Json], functions: Json) -> None:
    """Otherwise the state would retry while the function still works."""
    for name, state in steps(named[1]):
        shortest = 60 if asks(state) else state["TimeoutSeconds"]  # a policy lets people have a minute at least
        assert shortest > functions[f"{name}Function"]["Timeout"], name


def test_every_step_retries_what_aws_asks_for_and_the_death_of_its_function(named: tuple[str, Json]) -> None:
    """The first two retriers of every step are the same; but where people are asked, a time-out is their answer."""
    for name, state in steps(named[1]):
        died = [error for error in DIED if not (asks(state) and error == "States.Timeout")]
        assert state["Retry"][0]["ErrorEquals"] == LAMBDAS_OWN, name
        assert state["Retry"][1]["ErrorEquals"] == died, name


def test_retries_are_bounded_and_spread(named: tuple[str, Json]) -> None:
    """Full jitter, a growing wait with a limit, a few attempts, and less than a quarter of an hour in all."""
    for name, state in tasks(named[1]):
        for retrier in state["Retry"]:
            if retrier["MaxAttempts"] == 0:
                continue  # says that this error is an answer
            assert retrier["JitterStrategy"] == "FULL", name
            assert isinstance(retrier["BackoffRate"], float), name
            assert retrier["BackoffRate"] >= 1.5, name
            assert retrier["MaxAttempts"] <= 6, name
            assert retrier["MaxAttempts"] * retrier["MaxDelaySeconds"] <= 15 * 60, name


def test_our_errors_are_retried_only_where_they_are_passing_trouble(named: tuple[str, Json]) -> None:
    """What is retried by name is a RetryLater; what needs a person is never tried again."""
    for name, state in steps(named[1]):
        retried = [error for retrier in state["Retry"] for error in retrier["ErrorEquals"]]
        assert [error for error in retried if error in OURS and not issubclass(OURS[error], RetryLater)] == [], name
        assert not {"States.ALL", "States.TaskFailed"} & set(retried), name


def test_errors_are_named_as_they_are_raised(named: tuple[str, Json]) -> None:
    """Step Functions compares names: each is one of AWS's or a class of `cordon.errors`, and none a base class."""
    bases = {base.__name__ for one in OURS.values() for base in one.__mro__[1:]}
    for name, state in tasks(named[1]):
        for rule in [*state["Retry"], *state["Catch"]]:
            assert [error for error in rule["ErrorEquals"] if error not in OF_AWS and error not in OURS] == [], name
            assert [error for error in rule["ErrorEquals"] if error in bases] == [], name


def test_whatever_happens_to_a_task_is_caught(named: tuple[str, Json]) -> None:
    """The last catch of every task is States.ALL, alone, and leads to a person unless the list above says why not."""
    playbook, definition = named
    for name, state in tasks(definition):
        last = state["Catch"][-1]
        assert last["ErrorEquals"] == ["States.ALL"], name
        assert last["Next"] == CAUGHT_ELSEWHERE.get((playbook, name), "EscalateToHuman"), name
        assert [one for one in state["Catch"][:-1] if "States.ALL" in one["ErrorEquals"]] == [], name


def test_what_is_caught_for_a_person_stands_where_the_escalation_reads_it(named: tuple[str, Json]) -> None:
    """Each way to EscalateToHuman has put the error at $.error, and nothing later overwrites it."""
    states = named[1]["States"]
    for name, state in states.items():
        for one in state.get("Catch", []):
            wanted = one["Next"] == "EscalateToHuman"
            assert wanted == (one["ResultPath"] == "$.error") or one["Next"] == "AlreadyClaimed", name
        if state.get("Next") == "EscalateToHuman":
            assert state["ResultPath"] == "$.error", name
            assert {"Error", "Cause"} <= {key.removesuffix(".$") for key in state.get("Parameters") or state["Result"]}


def test_the_exceptions_are_still_there() -> None:
    """The list of states that do not escalate names none that is gone."""
    for playbook, state in CAUGHT_ELSEWHERE:
        assert state in yaml.safe_load(PLAYBOOKS[playbook].read_text())["States"]


def test_the_page_comes_first_and_needs_no_code_of_ours(named: tuple[str, Json]) -> None:
    """EscalateToHuman publishes by itself, and what can fail comes after it."""
    states = named[1]["States"]
    assert states["EscalateToHuman"]["Resource"] == "arn:aws:states:::sns:publish"
    assert states["EscalateToHuman"]["Next"] == "RecordEscalation"
    assert states["RecordEscalation"]["Next"] == "Escalated"
    assert states["Escalated"]["Type"] == "Fail"


def test_every_error_that_needs_a_person_gets_to_one() -> None:
    """What is caught by a name of ours needs a person, but for the ticket system, which needs only time."""
    caught = {
        error
        for path in PLAYBOOKS.values()
        for _, state in tasks(yaml.safe_load(path.read_text()))
        for one in state["Catch"]
        for error in one["ErrorEquals"]
    }
    people = {name for name, one in OURS.items() if issubclass(one, NeedsAPerson) and one is not NeedsAPerson}
    assert "States.ALL" in caught
    assert {error for error in caught if error in OURS} <= people | {"TicketSystemDown"}


def test_every_passing_error_is_retried_somewhere() -> None:
    """A RetryLater that no state retries is not one."""
    retried = set(re.findall(r"\w+", " ".join(path.read_text() for path in PLAYBOOKS.values())))
    passing = {name for name, one in OURS.items() if issubclass(one, RetryLater) and one is not RetryLater}
    assert passing <= retried


def test_a_claim_is_won_by_whoever_has_it_already() -> None:
    """A lost claim is never retried and ends quietly; any other failure of it is retried, then escalated."""
    claim = yaml.safe_load(PLAYBOOKS["contain_thing"].read_text())["States"]["ClaimIncident"]
    assert claim["Retry"][0] == {
        "Comment": claim["Retry"][0]["Comment"],
        "ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"],
        "MaxAttempts": 0,
    }
    assert claim["Catch"][0]["Next"] == "AlreadyClaimed"
    assert "(#status = :responding AND claimed_by = :me)" in claim["Parameters"]["ConditionExpression"]
    assert claim["Parameters"]["ExpressionAttributeValues"][":me"] == {"S.$": "$$.Execution.Id"}
