"""Every playbook can be followed to its end, whatever happens on the way: the shape of the machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]
PLAYBOOKS = {path.name.removesuffix(".asl.yaml"): path for path in sorted((ROOT / "playbooks").glob("*.asl.yaml"))}

SAYS_NOTHING = re.compile(r"(Map|Parallel|Pass|Choice|Wait|Task|Lambda|Fail|Succeed|State)\d*")
IMPERATIVE = re.compile(r"([A-Z][a-z]+)+")


@pytest.fixture(params=PLAYBOOKS)
def playbook(request: pytest.FixtureRequest) -> Json:
    """Each playbook in turn."""
    parsed: Json = yaml.safe_load(PLAYBOOKS[request.param].read_text())
    return parsed


def follows(state: Json) -> Iterator[str]:
    """The names of the states that may come right after this one."""
    yield from (state[key] for key in ("Next", "Default") if key in state)
    yield from (rule["Next"] for rule in [*state.get("Choices", []), *state.get("Catch", [])])


def within(states: Json, start: str) -> set[str]:
    """Every state of `states` that can be reached from `start` through no other, itself included."""
    found: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name in states and name not in found:
            found.add(name)
            ahead += follows(states[name])
    return found


def ends(state: Json) -> bool:
    """Say whether an execution ends in this state."""
    return state["Type"] in {"Succeed", "Fail"} or state.get("End") is True


def test_there_is_a_file_for_each_state_machine_and_none_besides(written: Json) -> None:
    """A playbook that nobody deploys is not one."""
    machines = [one for one in written["Resources"].values() if one["Type"] == "AWS::Serverless::StateMachine"]
    assert sorted(one["Properties"]["DefinitionUri"] for one in machines) == sorted(
        str(path.relative_to(ROOT)) for path in PLAYBOOKS.values()
    )


def test_a_state_machine_is_named_after_its_playbook(written: Json) -> None:
    """ContainThingStateMachine runs contain_thing, and nobody has to look it up."""
    for name, one in written["Resources"].items():
        if one["Type"] == "AWS::Serverless::StateMachine":
            verb_noun = Path(one["Properties"]["DefinitionUri"]).name.removesuffix(".asl.yaml")
            assert name == verb_noun.title().replace("_", "") + "StateMachine"


def test_every_way_leads_to_a_state_that_is_there(playbook: Json) -> None:
    """No Next, Default or Catch names a state that does not exist; Step Functions tells only when it gets there."""
    states = playbook["States"]
    assert playbook["StartAt"] in states
    assert [(name, to) for name, state in states.items() for to in follows(state) if to not in states] == []


def test_every_state_can_be_reached(playbook: Json) -> None:
    """A state that no way leads to is a mistake in some Next."""
    assert within(playbook["States"], playbook["StartAt"]) == set(playbook["States"])


def test_every_way_ends(playbook: Json) -> None:
    """From every state some end can be reached, and only an end has no state after it."""
    states = playbook["States"]
    for name, state in states.items():
        assert any(ends(states[one]) for one in within(states, name)), name
        assert ends(state) != bool(list(follows(state))), name


def waits(state: Json) -> bool:
    """Say whether time passes in this state: it waits for a while, or for people."""
    return bool(state["Type"] == "Wait" or state.get("Resource", "").endswith(".waitForTaskToken"))


def test_no_loop_goes_round_without_waiting(playbook: Json) -> None:
    """A loop without a wait would use up the history of 25,000 events within minutes."""
    states = playbook["States"]
    restless = {name: state for name, state in states.items() if not waits(state)}
    for name, state in restless.items():
        assert not any(name in within(restless, to) for to in follows(state)), name


def test_every_choice_knows_what_to_do_with_what_it_does_not_know(playbook: Json) -> None:
    """A Choice has a Default: a word of tomorrow is not States.NoChoiceMatched today."""
    choices = {name: state for name, state in playbook["States"].items() if state["Type"] == "Choice"}
    assert [name for name, state in choices.items() if "Default" not in state] == []


def test_every_state_and_the_machine_say_why(playbook: Json) -> None:
    """Somebody who sees the picture at night reads what each state is for."""
    assert len(playbook["Comment"]) > 40
    assert [name for name, state in playbook["States"].items() if len(state.get("Comment", "")) < 30] == []


def test_states_are_named_for_what_they_do(playbook: Json) -> None:
    """PascalCase of whole words, and no Map, Parallel or Pass1."""
    names = list(playbook["States"])
    assert [name for name in names if not IMPERATIVE.fullmatch(name) or SAYS_NOTHING.fullmatch(name)] == []


def test_a_failed_end_says_what_failed(playbook: Json) -> None:
    """Each Fail has an Error and a Cause, of its own or out of the data."""
    for name, state in playbook["States"].items():
        if state["Type"] == "Fail":
            assert {"Error", "ErrorPath"} & set(state), name
            assert {"Cause", "CausePath"} & set(state), name


def test_nothing_that_is_handed_to_a_person_ends_green(playbook: Json) -> None:
    """No Succeed can be reached from EscalateToHuman."""
    states = playbook["States"]
    after = within(states, "EscalateToHuman")
    assert [name for name in after if states[name]["Type"] == "Succeed"] == []


def test_the_execution_never_loses_what_it_is_about(playbook: Json) -> None:
    """No state narrows its input or replaces the whole of it: incident_id is there in each of them."""
    for name, state in playbook["States"].items():
        assert not {"InputPath", "OutputPath"} & set(state), name
        if state["Type"] in {"Task", "Pass"}:
            assert "ResultPath" in state, name
            assert state["ResultPath"] is None or state["ResultPath"].startswith("$."), name
        assert [one for one in state.get("Catch", []) if not one["ResultPath"].startswith("$.")] == [], name


def test_what_came_from_outside_is_not_in_a_page(playbook: Json) -> None:
    """A page names incident, playbook, thing and error. A cause may quote an attacker, and stays in the record.

    The summary of an outbreak is a sentence of Cordon's own, in which what came from outside is escaped and cut.
    """
    allowed = {"$.incident_id", "$.playbook", "$.thing_name", "$.error.Error", "$.outcome.status", "$.outbreak.summary"}
    for name, state in playbook["States"].items():
        if state.get("Resource") == "arn:aws:states:::sns:publish":
            assert set(re.findall(r"\$\.[\w.]+", json.dumps(state["Parameters"]))) <= allowed, name
            assert "$$" not in json.dumps(state["Parameters"]), name


def test_a_page_fits_its_subject(playbook: Json) -> None:
    """SNS refuses a subject of more than 100 characters, and a refused page is no page."""
    for name, state in playbook["States"].items():
        if state.get("Resource") == "arn:aws:states:::sns:publish":
            (text,) = re.findall(r"States\.Format\('([^']*)', \$\.incident_id\)", state["Parameters"]["Subject.$"])
            assert len(text.format("inc-20261123-0123456789")) <= 100, name


def test_every_substitution_is_given_and_every_one_that_is_given_is_used(written: Json) -> None:
    """A name in ${…} that the template does not fill in would stay there, and be called as a function."""
    for name, one in written["Resources"].items():
        if one["Type"] == "AWS::Serverless::StateMachine":
            text = (ROOT / one["Properties"]["DefinitionUri"]).read_text()
            given = one["Properties"]["DefinitionSubstitutions"]
            assert set(re.findall(r"\$\{(\w+)\}", text)) == set(given), name
            assert [key for key in given if key not in written["Resources"]] == [], name


def test_a_state_machine_is_standard_traced_and_logs_no_data(of_type: Json) -> None:
    """Its history is the evidence; its log names errors, and quotes nothing that came from outside."""
    for name, machine in of_type["AWS::StepFunctions::StateMachine"].items():
        assert machine["StateMachineType"] == "STANDARD", name
        assert machine["TracingConfiguration"] == {"Enabled": True}, name
        logging = machine["LoggingConfiguration"]
        assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", False), name
        group = logging["Destinations"][0]["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"]
        assert group == [f"{name}LogGroup", "Arn"], name


def test_an_end_that_no_state_saw_pages(of_type: Json) -> None:
    """Time-outs, aborts and throttled starts of each machine have an alarm; a failed execution has paged itself."""
    for name in of_type["AWS::StepFunctions::StateMachine"]:
        metrics = of_type["AWS::CloudWatch::Alarm"][f"{name}EndsAlarm"]["Metrics"]
        looked_at = [one["MetricStat"]["Metric"] for one in metrics if "MetricStat" in one]
        assert {one["MetricName"] for one in looked_at} == {
            "ExecutionsTimedOut",
            "ExecutionsAborted",
            "ExecutionThrottled",
        }
        assert all(one["Dimensions"] == [{"Name": "StateMachineArn", "Value": {"Ref": name}}] for one in looked_at), (
            name
        )


def test_a_failure_goes_to_people_in_the_same_way_in_every_playbook() -> None:
    """The states that page, record and end red are written once in each file: no file may fall behind the others."""
    machines = [yaml.safe_load(path.read_text())["States"] for path in PLAYBOOKS.values()]
    assert len(machines) > 1
    for name, its_own in {
        "EscalateToHuman": {"Comment", "Parameters"},
        "RecordEscalation": set(),
        "Escalated": set(),
    }.items():
        ways = [{key: value for key, value in machine[name].items() if key not in its_own} for machine in machines]
        assert all(way == ways[0] for way in ways), name
