"""What is known to be good, from the command line: real signed requests to the desk of the local AWS."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from cordon.model.incident import Mode
from cordon.model.known_good import Firmware

from oncall.cli import run
from oncall.known_good.file import KNOWN_GOOD
from oncall.yaml_file.reading import held_by
from playtest.fleet import diff
from playtest.fleet.demo_software import FIRMWARE, artefact_sha256
from playtest.local_aws import LocalAws
from playtest.local_aws.function_urls import BOB
from tests.e2e.answers import Alarm, Up, answer
from tests.e2e.served_desk import Serve, be, everything

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
STDOUT = pytest.CaptureFixture[str]
PAGE = Path(__file__).parents[2] / "docs" / "oncall.md"
ALICES_ROLE = "arn:aws:iam::123456789012:role/OnCall"


@pytest.fixture
def aws(up: Up, at_the_desk: Serve) -> LocalAws:
    """A local AWS with its desk, in which pump-01 is desired to say something every minute."""
    started = up(Mode.APPROVE)
    at_the_desk(started)
    desire(started, {"interval": 60, "topic": "dt/pump-01/out"})
    return started


def desire(aws: LocalAws, desired: dict[str, Any], thing: str = "pump-01") -> None:
    """Let the classic shadow of the thing desire this too."""
    payload = json.dumps({"state": {"desired": desired}})
    aws.client("iot-data").update_thing_shadow(thingName=thing, payload=payload)


def shadow(aws: LocalAws, thing: str = "pump-01") -> Any:
    """What is desired of the thing."""
    return json.loads(aws.client("iot-data").get_thing_shadow(thingName=thing)["payload"].read())["state"]["desired"]


def captured(path: Path, thing: str = "pump-01", **changed: Any) -> Path:
    """A file with what the thing is now, and with these fields said otherwise."""
    assert run(["known-good", "capture", thing, "--out", str(path)]) == 0
    if changed:
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **changed}))
    return path


def test_a_healthy_thing_is_captured_signed_and_watched(aws: LocalAws, tmp_path: Path, capsys: STDOUT) -> None:
    """From the first look to the drift: the file reads as it was made, and the thing is not touched by any of it."""
    before, rows = aws.fleet.snapshot(), everything(aws)
    path = captured(tmp_path / "pump.yaml")
    known = held_by(KNOWN_GOOD, path.read_bytes(), "pump.yaml")
    assert (known.thing_type, known.policies, known.groups) == ("pump", ["plant-device"], ["line-1"])
    assert known.firmware == Firmware(**RUNS)
    assert known.shadow.desired["/topic"] == "dt/{thing}/out"
    assert "{thing} stands: shadow.desired./topic." in path.read_text()
    assert run(["known-good", "check", "pump-01", "--file", str(path)]) == 0
    assert run(["known-good", "check", "pump-01"]) == 1
    assert "no known-good was ever signed" in capsys.readouterr().err
    assert everything(aws) == rows
    assert run(["known-good", "sign", "--yes", str(path)]) == 0
    assert f"Signed by {ALICES_ROLE}: {known.hash}, version " in capsys.readouterr().out
    assert run(["known-good", "check", "pump-01"]) == 0
    assert f"against the known-good in force, {known.hash[:12]}, signed by {ALICES_ROLE}:\n  no drift\n" in (
        capsys.readouterr().out
    )
    assert diff(before, aws.fleet.snapshot()) == []
    assert shadow(aws)["topic"] == "dt/pump-01/out"


def test_drift_is_told_field_by_field(aws: LocalAws, tmp_path: Path, capsys: STDOUT) -> None:
    """Each field that was changed since, as docs/oncall.md shows it; nothing else, and nothing is put back."""
    run(["known-good", "sign", "--yes", str(captured(tmp_path / "pump.yaml"))])
    desire(aws, {"interval": 3600, "upload": "https://203.0.113.7/\x1b[2J"})
    aws.client("iot").remove_thing_from_thing_group(thingName="pump-01", thingGroupName="line-1")
    before, seen = aws.fleet.snapshot(), shadow(aws)
    capsys.readouterr()
    assert run(["known-good", "check", "pump-01"]) == 1
    assert re.sub(r"\b[0-9a-f]{12}\b", "<hash>", capsys.readouterr().out) == sample()
    assert run(["known-good", "check", "pump-01", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    upload = {"field": "shadow/desired/upload", "expected": None, "found": "https://203.0.113.7/\x1b[2J"}
    assert upload in said["drift"]
    assert (diff(before, aws.fleet.snapshot()), shadow(aws)) == ([], seen)


def test_whatever_a_shadow_says_is_captured_as_it_is(aws: LocalAws, tmp_path: Path) -> None:
    """Text that looks like a number, a comment or a control character comes back as the same text."""
    nested = {"\x1b[31m": "y\n---\nz", "{thing}": "pump-01"}
    desire(aws, {"a\n# b": "1e3", "c: d": ["no", "# e", 1e-7, True], "\u202e": nested})
    path = captured(tmp_path / "pump.yaml")
    assert run(["known-good", "check", "pump-01", "--file", str(path)]) == 0


def test_what_changes_is_shown_before_it_is_signed(
    aws: LocalAws, tmp_path: Path, capsys: STDOUT, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines that differ from what is in force; who says no has changed nothing, and who says yes is the signer."""
    path = captured(tmp_path / "pump.yaml")
    run(["known-good", "sign", "--yes", str(path)])
    rows = everything(aws)
    path.write_text(path.read_text().replace("/interval: 60", "/interval: 30"))
    be(monkeypatch, BOB)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    capsys.readouterr()
    assert run(["known-good", "sign", str(path)]) == 1
    out = capsys.readouterr().out
    assert "-    /interval: 60\n" in out
    assert "+    /interval: 30\n" in out
    assert everything(aws) == rows
    monkeypatch.setattr("typer.confirm", lambda *_, **__: True)
    assert run(["known-good", "sign", str(path)]) == 0
    assert f"Signed by {BOB}" in capsys.readouterr().out
    assert run(["known-good", "check", "pump-01"]) == 1
    assert "shadow/desired/interval  30        60" in capsys.readouterr().out


def test_of_two_who_sign_at_once_one_is_told_to_look_again(
    aws: LocalAws, tmp_path: Path, capsys: STDOUT, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Alice is asked, another one is signed: hers is refused as stale, and the other one stays in force."""
    mine, other = captured(tmp_path / "mine.yaml"), captured(tmp_path / "other.yaml", attributes={"site": "hall-z"})

    def meanwhile(*_: Any, **__: Any) -> bool:
        monkeypatch.setattr(typer, "confirm", lambda *_, **__: True)
        assert run(["known-good", "sign", str(other)]) == 0
        return True

    monkeypatch.setattr(typer, "confirm", meanwhile)
    assert run(["known-good", "sign", str(mine)]) == 1
    assert "the desk refused (StaleKnownGood)" in capsys.readouterr().err
    assert run(["known-good", "check", "pump-01"]) == 1
    assert "attributes/site" in capsys.readouterr().out


def firmware(version: str) -> dict[str, str]:
    """A version of the pumps' firmware, as a file names it."""
    package = FIRMWARE["pump"].package
    return {"package": package, "version": version, "sha256": artefact_sha256(package, version)}


RUNS = firmware(FIRMWARE["pump"].current)
REFUSALS: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"policies": ["plant-devcie"]}, "UnfitKnownGood", "policies.0: found 'plant-devcie'"),
    ({"groups": ["line-1", "line-9"]}, "UnfitKnownGood", "groups.1: found 'line-9'"),
    (
        {"firmware": {"package": "no-such", "version": "1.0.0", "sha256": "0" * 64}},
        "UnfitKnownGood",
        "firmware.version: found version '1.0.0' of the package 'no-such'",
    ),
    (
        {"firmware": {**RUNS, "sha256": "0" * 64}},
        "UnfitKnownGood",
        f"firmware.sha256: found {'0' * 64}, expected {RUNS['sha256']}",
    ),
)
"""What a file says otherwise, the name of the refusal, and what the line on standard error says."""


def test_what_names_what_is_not_there_is_not_signed(aws: LocalAws, tmp_path: Path, capsys: STDOUT) -> None:
    """A policy, a group, a package, an artefact: bad usage in one line, with its field; nothing is in force."""
    rows = everything(aws)
    for changed, name, words in REFUSALS:
        path = captured(tmp_path / f"{name}-{len(words)}.yaml", **changed)
        assert run(["known-good", "sign", "--yes", str(path)]) == 2
        error = capsys.readouterr().err
        assert (f"the desk refused ({name})" in error, words in error, error.count("\n")) == (True, True, 1), error
    assert everything(aws) == rows


def test_no_older_firmware_is_signed(aws: LocalAws, tmp_path: Path, capsys: STDOUT) -> None:
    """A downgrade of what was signed before: refused in one line, and what is in force stays."""
    run(["known-good", "sign", "--yes", str(captured(tmp_path / "pump.yaml"))])
    rows = everything(aws)
    older = captured(tmp_path / "older.yaml", firmware=firmware(FIRMWARE["pump"].versions[0]))
    assert run(["known-good", "sign", "--yes", str(older)]) == 1
    assert "the desk refused (KnownGoodDowngrade)" in capsys.readouterr().err
    assert everything(aws) == rows
    assert run(["known-good", "check", "pump-01"]) == 0


BAD_USAGE = (
    (["capture", "ghost-99"], "the desk refused (UnknownThing)"),
    (["check", "ghost-99"], "the desk refused (UnknownThing)"),
    (["capture", "a b"], "thing_name"),
    (["check", "../known-good\x1b[31m"], "thing_name"),
)
"""What is typed, and what the line on standard error says."""


def test_a_thing_that_is_none_is_bad_usage(aws: LocalAws, capsys: STDOUT) -> None:
    """No such thing, or a name that no thing has: one printable line, exit status 2, and nothing recorded."""
    rows = everything(aws)
    for arguments, words in BAD_USAGE:
        assert run(["known-good", *arguments]) == 2
        out, error = capsys.readouterr()
        assert (out, words in error, error.rstrip("\n").isprintable()) == ("", True, True), error
    assert everything(aws) == rows


def test_a_thing_in_trouble_is_no_example(aws: LocalAws, alarm: Alarm, tmp_path: Path, capsys: STDOUT) -> None:
    """While an incident of it waits for people, it is not captured, and the file that is there stays."""
    path = captured(tmp_path / "pump.yaml")
    text = path.read_text()
    answer(aws, alarm("pump-01"))
    assert run(["known-good", "capture", "pump-01", "--yes", "--out", str(path)]) == 1
    assert "the desk refused (NotHealthy)" in capsys.readouterr().err
    assert path.read_text() == text


def test_an_altered_known_good_is_not_used(aws: LocalAws, tmp_path: Path, capsys: STDOUT) -> None:
    """Whoever writes the row past Cordon has put nothing in force: the reason is told, and that is no success."""
    path = captured(tmp_path / "pump.yaml")
    run(["known-good", "sign", "--yes", str(path)])
    table, head = aws.stack.resource("IncidentsTable"), {"pk": {"S": "KNOWN_GOOD#pump"}, "sk": {"S": "HEAD"}}
    aws.client("dynamodb").update_item(
        TableName=table,
        Key=head,
        UpdateExpression="SET object_hash = :other",
        ExpressionAttributeValues={":other": {"S": "0" * 64}},
    )
    capsys.readouterr()
    assert run(["known-good", "check", "pump-01"]) == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith(
        "cordon: no known-good is in force for pump-01: the known-good of type pump is not the object"
    )
    assert run(["known-good", "sign", "--yes", str(path)]) == 0
    assert run(["known-good", "check", "pump-01"]) == 0


def test_a_type_may_have_colons(aws: LocalAws, tmp_path: Path) -> None:
    """A colon is a colon in a path that is signed."""
    iot = aws.client("iot")
    iot.create_thing_type(thingTypeName="pump:v2")
    iot.update_thing(thingName="pump-02", thingTypeName="pump:v2")
    assert run(["known-good", "sign", "--yes", str(captured(tmp_path / "v2.yaml", "pump-02"))]) == 0
    assert run(["known-good", "check", "pump-02"]) == 0
    assert run(["known-good", "check", "pump-01"]) == 1


def sample() -> str:
    """The table of drift that docs/oncall.md shows."""
    shown = PAGE.read_text().partition("$ cordon known-good check pump-01\n")[2].partition("```")[0]
    return re.sub(r"\b[0-9a-f]{12}\b", "<hash>", shown)
