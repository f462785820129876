"""One name for one thing: a state, its function, its module, and the words that travel between them."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from cordon.model.approval import Answer
from cordon.model.incident import Decision, IncidentStatus

ROOT = Path(__file__).parents[2]
STEPS = ROOT / "functions" / "cordon" / "steps"
Json = dict[str, Any]

LAMBDA = ("arn:aws:states:::lambda:invoke", "arn:aws:states:::lambda:invoke.waitForTaskToken")
NO_STATE = {
    "TriageFunction": "reads the queue",
    "DeskFunction": "people, by its URL",
    "CatchUnexpectedEndFunction": "a rule",
    "SweepFunction": "a schedule",
}
"""Functions that no state runs, and what runs them."""
WHAT_A_STEP_IS_TOLD = {"incident_id.$": "$.incident_id", "execution.$": "$$.Execution.Id", "state.$": "$$.State.Name"}


def snake_case(name: str) -> str:
    """DropSessions as drop_sessions."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def lambda_states(playbooks: dict[str, Json]) -> list[tuple[str, Json]]:
    """Every state of every playbook that runs a function of ours."""
    states = [item for playbook in playbooks.values() for item in playbook["States"].items()]
    return [(name, state) for name, state in states if state.get("Resource") in LAMBDA]


def has_handler(path: Path) -> bool:
    """Say whether the module at `path` defines `lambda_handler`; it is parsed, not imported."""
    body = ast.parse(path.read_text()).body if path.exists() else []
    return any(isinstance(node, ast.FunctionDef) and node.name == "lambda_handler" for node in body)


def test_a_state_runs_the_function_that_is_named_after_it(playbooks: dict[str, Json], functions: Json) -> None:
    """State X runs XFunction, which the template has."""
    for name, state in lambda_states(playbooks):
        assert state["Parameters"]["FunctionName"] == f"${{{name}Function}}"
        assert f"{name}Function" in functions


def test_a_function_runs_the_module_that_is_named_after_it(functions: Json) -> None:
    """XFunction runs steps/x.py, which defines the handler."""
    for name, one in functions.items():
        module = snake_case(name.removesuffix("Function"))
        assert one["Handler"] == f"cordon.steps.{module}.lambda_handler"
        assert has_handler(STEPS / f"{module}.py"), f"steps/{module}.py has no lambda_handler"


def test_every_handler_is_deployed(functions: Json) -> None:
    """A module of steps/ with a handler has its function; one that nobody deploys is not code of ours."""
    handlers = {f"cordon.steps.{path.stem}.lambda_handler" for path in STEPS.glob("*.py") if has_handler(path)}
    assert handlers <= {one["Handler"] for one in functions.values()}


def test_every_function_is_run_by_something(playbooks: dict[str, Json], functions: Json) -> None:
    """A function that no state, queue, rule or schedule runs is left over."""
    assert {f"{name}Function" for name, _ in lambda_states(playbooks)} | set(NO_STATE) == set(functions)


def test_every_step_is_told_what_it_is_about(playbooks: dict[str, Json]) -> None:
    """Incident, execution and state are in the payload of each: the same three, from the same places."""
    for name, state in lambda_states(playbooks):
        assert WHAT_A_STEP_IS_TOLD.items() <= state["Parameters"]["Payload"].items(), name


def test_a_shared_step_is_written_alike_in_every_playbook(playbooks: dict[str, Json]) -> None:
    """States of one name retry and read the same; where they lead and what they add to the payload may differ."""
    first: Json = {}
    for name, state in lambda_states(playbooks):
        alike = {key: state.get(key) for key in ("Retry", "ResultPath", "TimeoutSeconds")}
        assert first.setdefault(name, alike) == alike, name


def test_decide_knows_the_decisions_of_the_code(playbooks: dict[str, Json]) -> None:
    """Each decision but escalate has a way of its own; any other, also a new one, goes to a person."""
    decide = playbooks["contain_thing"]["States"]["Decide"]
    chosen = {rule["StringEquals"] for rule in decide["Choices"]}
    assert chosen == set(Decision) - {Decision.ESCALATE}
    assert decide["Default"] == "HandToPerson"


def test_is_approved_knows_the_answers_of_the_code(playbooks: dict[str, Json]) -> None:
    """Each answer but escalate has a way of its own; any other, also a new one, goes to a person."""
    choice = playbooks["contain_thing"]["States"]["IsApproved"]
    assert {rule["StringEquals"] for rule in choice["Choices"]} == set(Answer) - {Answer.ESCALATE}
    assert choice["Default"] == "HandToPerson"


def test_only_observed_stood_down_and_contained_are_green(playbooks: dict[str, Json]) -> None:
    """Every other status that the record knows ends with a page."""
    (rule,) = playbooks["contain_thing"]["States"]["IsDone"]["Choices"]
    green = {IncidentStatus.OBSERVED, IncidentStatus.STOOD_DOWN, IncidentStatus.CONTAINED}
    assert {one["StringEquals"] for one in rule["Or"]} == green
    assert playbooks["contain_thing"]["States"]["IsDone"]["Default"] == "PagePartial"


def test_a_claim_uses_the_words_of_the_record(playbooks: dict[str, Json]) -> None:
    """The states that the claim compares and writes are statuses of the model, each under its own name."""
    values = playbooks["contain_thing"]["States"]["ClaimIncident"]["Parameters"]["ExpressionAttributeValues"]
    written = {key.removeprefix(":"): value["S"] for key, value in values.items() if "S" in value}
    assert written == {status: status for status in ("opened", "observed", "escalated", "responding")}
    assert set(written) <= set(IncidentStatus)
