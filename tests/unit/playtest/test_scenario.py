from __future__ import annotations

from typing import Any

import pytest
from cordon.model.incident import Mode

from playtest.run.added_thing import AddedThing, parse_added_thing
from playtest.run.asked_fault import FAULTS
from playtest.run.bad_scenario import BadScenario
from playtest.run.demo_policy import demo_policy
from playtest.run.raw_alarm import RawAlarm
from playtest.run.scenario import scenario

ALARM = RawAlarm("a.json", "{}")


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("press-07", AddedThing("press-07")),
        ("press-07:site=hall-b", AddedThing("press-07", {"site": "hall-b"})),
        ("a:b:site=x,criticality=safety-critical", AddedThing("a:b", {"site": "x", "criticality": "safety-critical"})),
        ("press-07:equation=a=b", AddedThing("press-07", {"equation": "a=b"})),
    ],
)
def test_a_thing_is_a_name_and_attributes(text: str, thing: AddedThing) -> None:
    """Attributes begin after the last colon before the first equals sign, because names may hold colons."""
    assert parse_added_thing(text) == thing


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "name"),
        ("a b", "name"),
        ("x" * 129, "name"),
        ("pump\x1b[2J", "name"),
        ("=x", "NAME"),
        ("thing=x", "NAME"),
        ("t:a=", "attribute a"),
        ("t:a=1,b", "attr=value"),
        ("t:a=1,a=2", "each attribute once"),
        ("t:a=b c", "attribute a"),
        ("t:a b=c", "attribute name"),
    ],
)
def test_a_thing_that_aws_would_refuse_is_bad_usage(text: str, named: str) -> None:
    """The line names the field, what was found and what was expected, and holds no control character."""
    with pytest.raises(BadScenario) as bad:
        parse_added_thing(text)
    said = str(bad.value)
    assert "found" in said
    assert "expected" in said
    assert named in said
    assert said.isprintable()


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "dare"},
        {"mode": "observe", "policy": demo_policy()},
        {"repeat": 0},
        {"repeat": -1},
        {"repeat": 10_001},
        {"with_things": ["pump-01"]},
        {"with_things": ["new", "new"]},
        {"faults": ["nothing"]},
        {"faults": ["reconnects"]},
        {"faults": ["reconnects:pump-99"]},
        {"faults": ["reconnects:spare-01"]},
        {"faults": ["reconnects:pump-01=0"]},
        {"faults": ["reconnects:pump-01=many"]},
        {"faults": ["certificate-stays-accepted:pump-01=2"]},
        {"faults": ["certificate-bites-late:pump-01"]},
        {"faults": ["ticket-system-down:pump-01"]},
        {"faults": ["abort-in:NoSuchState"]},
        {"faults": ["stop-after:NoSuchFunction=1"]},
    ],
)
def test_what_cannot_be_is_bad_usage(wrong: dict[str, Any]) -> None:
    """Modes, repeats, names and faults are judged before anything runs."""
    with pytest.raises(BadScenario, match=r"found .*, expected"):
        scenario([ALARM], **wrong)


def test_an_unknown_fault_is_answered_with_the_list_of_all() -> None:
    """Whoever guesses a fault's name is told every form that there is."""
    with pytest.raises(BadScenario) as bad:
        scenario([ALARM], faults=["no-such-fault"])
    assert all(fault.form in str(bad.value) for fault in FAULTS.values())


@pytest.mark.parametrize("thing", ["nobody", "spare-01", "tablet-01", ""])
def test_a_placeholder_for_a_thing_without_a_certificate_is_bad_usage(thing: str) -> None:
    """A certificate id can stand for a thing that is there and has one."""
    with pytest.raises(BadScenario, match="certificate-id"):
        scenario([RawAlarm("a.json", f"${{certificate-id:{thing}}}")])


@pytest.mark.parametrize("role", ["NoSuchRole", "device", ""])
def test_a_placeholder_for_a_role_that_is_not_there_is_bad_usage(role: str) -> None:
    """The unique id of a role can stand only for a role of the plant, and the answer lists them."""
    with pytest.raises(BadScenario, match=r"role-id.*DeviceRole, PlantOperator"):
        scenario([RawAlarm("a.json", f"${{role-id:{role}}}")])


def test_placeholders_may_name_a_role_and_a_certificate_without_a_thing() -> None:
    """A finding may be about what no thing has any more."""
    asked = scenario([RawAlarm("a.json", "${role-id:PlantOperator}:${certificate-id:retired-01}")])
    assert len(asked.alarms) == 1


def test_a_placeholder_may_name_an_added_thing() -> None:
    """A thing that the command line adds has a certificate of its own."""
    asked = scenario([RawAlarm("a.json", "${certificate-id:new-01}")], with_things=["new-01"], mode="observe", repeat=3)
    assert (asked.mode, asked.repeat, [thing.name for thing in asked.things]) == (Mode.OBSERVE, 3, ["new-01"])


def test_faults_are_taken_in_every_form() -> None:
    """A number may be left out where there is a usual one, and the place where a fault has none."""
    forms = [
        "reconnects:pump-01",
        "reconnects:pump-02=5",
        "ticket-system-down",
        "pager-down=1",
        "abort-in:DropSessions",
    ]
    asked = scenario([ALARM], faults=[*forms, "stop-after:TriageFunction=2"])
    assert [(one.fault.name, one.where, one.number) for one in asked.faults][:2] == [
        ("reconnects", "pump-01", 2),
        ("reconnects", "pump-02", 5),
    ]
    assert (asked.faults[-1].where, asked.faults[-1].number) == ("TriageFunction", 2)
