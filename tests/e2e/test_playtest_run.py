"""`cordon playtest run`, from its command line to its exit status."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from oncall.cli import run
from playtest.run.play import play
from playtest.run.raw_alarm import RawAlarm, read_raw_alarm
from playtest.run.scenario import scenario

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "events"
SAMPLE = EVENTS / "device-defender-detect.in-alarm.messages-sent-contained.json"
CLEARED = EVENTS / "device-defender-detect.alarm-cleared.nothing-open-ignored.json"
STDOUT = pytest.CaptureFixture[str]
KEYS = {"alarms", "incidents", "fleet_diff", "rejected", "dead_letters", "pages", "policy", "cost"}
"""What the issues ask for, and the pages: whether a person was told is no other part's to say."""
KEYS_OF_AN_ALARM = {"source", "kind", "accepted", "reason", "file", "delivery", "became", "field", "incident"}
KEYS_OF_AN_INCIDENT = {
    *("id", "status", "playbook", "mode", "thing", "severity", "sightings", "summary", "states", "reasons", "legs"),
    *("changes", "effects", "ticket", "evidence", "seconds_to_containment", "seconds_to_proof"),
    *("decision", "attribution", "containment", "policy_version", "policy_hash", "gaps", "approval", "plan_hash"),
    *("outbreak", "requested_by"),
}
KEYS_OF_A_CHANGE = {"action", "resource", "before", "after", "applied", "verified", "reversible", "status"}
VARIES = {
    r" +$": "",
    r"\+\d\d:\d\d": "+mm:ss",
    r"\binc-\d{8}-[0-9a-f]{10}\b": "inc-id",
    r"\b[0-9a-f]{8}…": "hash…",
    r"after (\d+ min )?[\d.]+ s\b": "after a while",
    r"^Cost  \$.*": "Cost",  # by how fast the machine is: the durations of the functions are in it
}
"""What differs from run to run of the human view, and what stands for it in comparisons."""


def json_of(capsys: STDOUT, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit status, and the one object on standard output."""
    status = run(["playtest", "run", "--json", *arguments])
    out, error = capsys.readouterr()
    assert error == ""
    found: dict[str, Any] = json.loads(out)
    return status, found


def about(thing: str, **fields: object) -> str:
    """The sample alarm about another thing, with these fields."""
    return json.dumps({**json.loads(SAMPLE.read_text()), "thingName": thing, **fields})


def test_json_is_one_object_and_nothing_else(capsys: STDOUT) -> None:
    """Alarms, incidents, fleet, rejections, dead letters and cost stand in one object; no log line is among it."""
    status, result = json_of(capsys, str(SAMPLE))
    assert status == 0
    (alarm,), (incident,) = result["alarms"], result["incidents"]
    assert (set(result), set(alarm), set(incident)) == (KEYS, KEYS_OF_AN_ALARM, KEYS_OF_AN_INCIDENT)
    assert {frozenset(change) for change in incident["changes"]} == {frozenset(KEYS_OF_A_CHANGE)}
    assert {frozenset(change) for change in result["fleet_diff"]} == {
        frozenset({"resource", "field", "before", "after"})
    }
    assert {"key", "sha256"} <= set(incident["evidence"][0])
    assert (alarm["source"], alarm["kind"], alarm["accepted"]) == ("device-defender-detect", "in-alarm", True)
    assert (incident["status"], incident["mode"], incident["thing"]) == ("contained", "automatic", "pump-01")
    assert incident["states"][0] == "ClaimIncident"
    assert incident["states"][-1] == "Done"
    assert all(change["applied"] and change["verified"] for change in incident["changes"])
    assert 0 < incident["seconds_to_containment"] < 60
    assert 480 < incident["seconds_to_proof"] < 900
    assert incident["ticket"]["system"] == "OpsCenter"
    assert 0.0001 < result["cost"]["dollars"] < 0.01


def test_twenty_of_one_alarm_at_once_are_one_incident() -> None:
    """One incident, one ticket, 20 sightings, each change made once, and still contained."""
    played = play(scenario([read_raw_alarm(str(SAMPLE), io.BytesIO())], repeat=20))
    (incident,) = played.result.incidents
    assert (incident.status, incident.sightings) == ("contained", 20)
    assert Counter(alarm.became for alarm in played.result.alarms) == {"opened": 1, "joined": 19}
    made = Counter(call.operation for call in played.calls if call.error is None)
    assert made["CreateOpsItem"] == 1
    changes = ("UpdateCertificate", "CreatePolicy", "DetachPolicy", "AttachPolicy", "AddThingToThingGroup")
    assert {operation: made[operation] for operation in changes} == dict.fromkeys(changes, 1)
    assert played.result.dead_letters == []


def test_observe_mode_shows_the_plan_and_changes_nothing(capsys: STDOUT) -> None:
    """The fleet is as before, every change is planned only, and the ticket holds the exact plan."""
    status, result = json_of(capsys, "--mode", "observe", str(SAMPLE))
    (incident,) = result["incidents"]
    assert (status, incident["status"], incident["mode"]) == (0, "observed", "observe")
    assert result["fleet_diff"] == []
    assert incident["changes"]
    assert not any(change["applied"] or change["verified"] for change in incident["changes"])
    told = [entry["change"] for entry in json.loads(incident["ticket"]["data"]["cordon-plan"])]
    shown = ("action", "resource", "before", "after")
    assert [[part[name] for name in shown] for part in told] == [
        [part[name] for name in shown] for part in incident["changes"]
    ]


def test_a_certificate_that_stays_accepted_ends_partial_and_pages(capsys: STDOUT) -> None:
    """A device that cannot be kept out is a person's, and a person is told."""
    status, result = json_of(capsys, "--fault", "certificate-stays-accepted:pump-01", str(SAMPLE))
    (incident,) = result["incidents"]
    assert (status, incident["status"]) == (1, "partial")
    assert {leg["outcome"] for leg in incident["legs"]} == {"connected"}
    assert any(incident["id"] in page["subject"] for page in result["pages"])


def test_a_device_that_reconnects_is_dropped_again_until_it_stays_away(capsys: STDOUT) -> None:
    """Each comeback is dropped, and the containment is proven all the same."""
    status, result = json_of(capsys, "--fault", "reconnects:pump-01=2", str(SAMPLE))
    (incident,) = result["incidents"]
    assert (status, incident["status"]) == (0, "contained")
    assert [effect["outcome"] for effect in incident["effects"]].count("dropped") >= 3


def test_a_ticket_system_that_is_down_delays_no_containment(capsys: STDOUT) -> None:
    """The device is contained, and its ticket stays wanted, without an id."""
    status, result = json_of(capsys, "--fault", "ticket-system-down", str(SAMPLE))
    (incident,) = result["incidents"]
    assert (status, incident["status"]) == (0, "contained")
    assert incident["ticket"]["id"] is None


def test_an_added_thing_is_contained_like_any_other(capsys: STDOUT, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--with-thing` adds it connected and with its own certificate; `-` reads its alarm from standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(about("press:07").encode())))
    status, result = json_of(capsys, "--with-thing", "press:07:site=hall-b", "-")
    (incident,) = result["incidents"]
    assert (status, incident["status"], incident["thing"]) == (0, "contained", "press:07")
    session = [change for change in result["fleet_diff"] if change["resource"] == "session/press:07"]
    assert [(change["field"], change["before"], change["after"]) for change in session] == [("connected", True, False)]


def test_an_alarm_that_clears_is_noted_and_lifts_nothing(capsys: STDOUT) -> None:
    """Files are played in their order: what ends the alarm comes after it, and the device stays contained."""
    status, result = json_of(capsys, str(SAMPLE), str(CLEARED))
    (incident,) = result["incidents"]
    assert [(alarm["file"], alarm["became"]) for alarm in result["alarms"]] == [
        (str(SAMPLE), "opened"),
        (str(CLEARED), "noted"),
    ]
    assert {alarm["incident"] for alarm in result["alarms"]} == {incident["id"]}
    assert (status, incident["status"], incident["sightings"]) == (0, "contained", 1)
    assert "INACTIVE" in [change["after"] for change in result["fleet_diff"]]


def test_the_attributes_of_an_added_thing_are_those_that_it_is_judged_by(
    capsys: STDOUT, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Added as safety-critical, it asks a person; its alarm may name its certificate and the present by placeholder."""
    text = about("press-07", principalId="${certificate-id:press-07}").replace("1791792000000", "${now}")
    assert "${now}" in text
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    status, result = json_of(capsys, "--with-thing", "press-07:criticality=safety-critical", "-")
    (incident,) = result["incidents"]
    assert (status, incident["status"], incident["thing"]) == (3, "awaiting_approval", "press-07")
    assert any("safety-critical" in reason for reason in incident["reasons"])
    assert result["fleet_diff"] == []


def test_several_files_are_played_one_after_the_other() -> None:
    """An alarm dated after the proof is a sighting that starts a second look, which escalates what nothing explains."""
    later = RawAlarm("later.json", about("pump-01", violationId="f" * 32).replace("1791792000000", "${now}"))
    played = play(scenario([read_raw_alarm(str(SAMPLE), io.BytesIO()), later]))
    (incident,) = played.result.incidents
    assert [alarm.became for alarm in played.result.alarms] == ["opened", "joined"]
    assert incident.status == "escalated"
    assert incident.states.count("ClaimIncident") == 1
    assert incident.states[-1] == "Escalated"


@pytest.mark.parametrize(
    ("text", "said"),
    [("x" * 262_145, "too long"), ("ü" * 140_000, "too long"), ("", "mpty message")],
    ids=["characters", "bytes", "empty"],
)
def test_what_sns_refuses_counts_as_rejected(text: str, said: str) -> None:
    """A message over 256 KB, and an empty one, never come to triage; the alarm says so and why."""
    played = play(scenario([RawAlarm("refused.json", text)]))
    (alarm,), (rejection,) = played.result.alarms, played.result.rejected
    assert not alarm.accepted
    assert said in (alarm.reason or "")
    assert (rejection.by, rejection.field) == ("sns", "Message")


def readme_sample() -> list[str]:
    """The parts of the README's sample output; lines are left out between each and the next."""
    said = (ROOT / "README.md").read_text().partition("What `make play` prints")[2]
    sample = said.partition("```console\n")[2].partition("```")[0]
    return [alike(part) for part in re.split(r"^ *…\n", sample, flags=re.MULTILINE) if part]


def alike(text: str) -> str:
    """A view's text without what differs from run to run: times, ids, hashes and dollars."""
    for pattern, instead in VARIES.items():
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    return text


def require_plain(out: str) -> None:
    """No control characters and no line that is too wide: what came from outside stays text."""
    assert all(character.isprintable() or character == "\n" for character in out)
    assert max(map(len, out.splitlines())) <= 100


def test_the_human_view_is_the_one_that_the_readme_shows(
    capsys: STDOUT, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """States, fleet, incident, cost and exit status, and the ticket, which the README leaves out; logs go to FILE."""
    logs = tmp_path / "logs.jsonl"
    monkeypatch.chdir(ROOT)
    assert run(["playtest", "run", "--logs", str(logs), str(SAMPLE.relative_to(ROOT))]) == 0
    out, error = capsys.readouterr()
    assert error == ""
    require_plain(out)
    assert "OpsCenter oi-" in out
    left = alike(out)
    for part in readme_sample():
        assert part in left
        left = left.partition(part)[2]
    assert left == "", "the README shows the last line"
    functions = {json.loads(line)["function"] for line in logs.read_text().splitlines()}
    assert {"TriageFunction", "VerifyContainmentFunction"} <= functions


def test_the_human_view_shows_hostile_names_as_plain_text(capsys: STDOUT, tmp_path: Path) -> None:
    """Escape codes are left out of what is rejected; markup in a FILE's name or in an alarm is no style."""
    hostile = EVENTS / "device-defender-detect.in-alarm.thing-name-control-characters-rejected.json"
    markup = EVENTS / "device-defender-detect.in-alarm.markup-in-names-contained.json"
    file = tmp_path / "[red]alarm.json"
    file.write_bytes(hostile.read_bytes())
    assert run(["playtest", "run", str(file), str(markup)]) == 1
    out, error = capsys.readouterr()
    assert error == ""
    require_plain(out)
    assert "[red]alarm.json" in out.replace("\n", "")
    assert "1 rejected: thingName: found 'pump-01" in out
    assert "&lt;script&gt;fetch\\('//evil.example'\\)&lt;/script&gt;" in out
    assert "Bystanders untouched: 14 things." in out
    assert out.splitlines()[-1].startswith("Exit 1: a person must look: 1 rejected")


def test_a_playtest_that_fails_itself_is_never_green(
    capsys: STDOUT, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A local AWS that does not start is exit status 1 and one line, whatever the alarm would have come to."""
    monkeypatch.setattr("playtest.local_aws.cloud.LocalAws._start", _broken)
    assert run(["playtest", "run", "--json", str(SAMPLE)]) == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("cordon: the playtest itself failed")
    assert error.count("\n") == 1


def _broken(*_: object) -> None:
    raise RuntimeError("no local AWS today\nat all")
