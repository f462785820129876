"""`--device NAME=behaviour`: what it takes, what it refuses, and that the device behaves so."""

from __future__ import annotations

from pathlib import Path

import pytest

from oncall.cli import run
from playtest.behaviours import BEHAVIOURS, GOOD, JOB_BEHAVIOURS, SESSION_BEHAVIOURS
from playtest.fleet import Behaviour
from playtest.fleet.demo_things import THINGS
from playtest.local_aws import LocalAws
from playtest.run.asked_device import AskedDevice, parse_devices, switch_on
from playtest.run.bad_scenario import BadScenario
from playtest.run.raw_alarm import RawAlarm
from playtest.run.scenario import scenario

SAMPLE = Path(__file__).parents[3] / "events" / "device-defender-detect.in-alarm.messages-sent-contained.json"
ALARM = RawAlarm("a.json", "{}")
KNOWN = frozenset({"pump-01", "a:b"})


def test_a_device_is_a_name_and_a_behaviour() -> None:
    """One of each kind for each device, the same twice is once said; a name may hold colons."""
    asked = parse_devices(["pump-01=quiet", "pump-01=lies", "pump-01=lies", "a:b=weak-key"], KNOWN)
    assert asked[0] == AskedDevice("pump-01", "quiet")
    assert [one.behaviour for one in asked] == ["quiet", "lies", "lies", "weak-key"]


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["pump-99=good"], ["pump-01", "a:b"]),
        (["=good"], ["pump-01", "a:b"]),
        (["pump-01=best"], list(BEHAVIOURS)),
        (["pump-01="], list(BEHAVIOURS)),
        (["pump-01"], ["NAME=behaviour"]),
        (["pump-01=good", "pump-01=lies"], ["good"]),
        (["pump-01=quiet", "pump-01=offline"], ["quiet"]),
        (["pump\x1b[2J=good"], ["pump-01"]),
    ],
)
def test_what_is_not_there_is_bad_usage_that_lists_what_there_is(texts: list[str], told: list[str]) -> None:
    """In one line without control characters."""
    with pytest.raises(BadScenario, match=r"found .*, expected") as bad:
        parse_devices(texts, KNOWN)
    said = str(bad.value)
    assert said.isprintable()
    assert all(name in said for name in told)


def test_a_scenario_knows_the_devices_of_its_fleet() -> None:
    """The plant's and those that are added, and no others."""
    asked = scenario([ALARM], with_things=["press-07"], devices=["press-07=fails", "spare-01=steady"])
    assert [one.name for one in asked.devices] == ["press-07", "spare-01"]
    with pytest.raises(BadScenario, match="press-07"):
        scenario([ALARM], devices=["press-07=fails"])


def test_every_behaviour_is_described_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """And `--help` lists them all, with what each does; each that the fleet has for sessions is there."""
    assert set(SESSION_BEHAVIOURS) == {behaviour.value for behaviour in Behaviour}
    assert not set(SESSION_BEHAVIOURS) & set(JOB_BEHAVIOURS)
    assert run(["playtest", "run", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    for name, says in BEHAVIOURS.items():
        assert f"{name}: {says}" in told


def test_bad_usage_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, one line on standard error, and no local AWS was started."""
    assert run(["playtest", "run", "--json", "--device", "pump-01=best", str(SAMPLE)]) == 2
    out, error = capsys.readouterr()
    assert (out, error.count("\n")) == ("", 1)
    assert "still-compromised" in error


def test_devices_behave_as_they_were_asked(local_aws: LocalAws) -> None:
    """At once: who is offline has left; and nobody else has changed."""
    fleet = local_aws.fleet
    switch_on(parse_devices(["pump-01=offline", "pump-02=lies", "pump-02=quiet"], {"pump-01", "pump-02"}), local_aws)
    connected = {session.client_id for session in fleet.broker.sessions.connected()}
    expected = {spec.client_id or spec.name for spec in THINGS} - {"pump-01", "spare-01"}
    assert connected == expected
    assert fleet.thing("pump-02").device.agent.behaviour is JOB_BEHAVIOURS["lies"]
    assert fleet.thing("pump-02").device.behaviour is Behaviour.QUIET
    others = [device for name, device in fleet.devices.items() if name not in ("pump-01", "pump-02")]
    assert {device.agent.behaviour for device in others} == {GOOD}
    assert {device.behaviour for device in others} == {Behaviour.STEADY, Behaviour.OFFLINE}
