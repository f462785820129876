"""`cordon playtest run --device`: how a device behaves is seen in what becomes of its alarm."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from cordon.model.incident import IncidentStatus

from playtest.local_aws import LocalAws
from playtest.run.asked_device import parse_devices, switch_on
from playtest.run.play import Played, play
from playtest.run.raw_alarm import RawAlarm
from playtest.run.record import Record
from playtest.run.scenario import scenario
from tests.unit.playtest.jobs import ROLE, create_job, make_role, put_artefact, status

SAMPLE = Path(__file__).parents[2] / "events" / "device-defender-detect.in-alarm.messages-sent-contained.json"

READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::artefacts/*"}


def played(*devices: str) -> Played:
    """The sample alarm of pump-01, with devices that behave so."""
    return play(scenario([RawAlarm("sample", SAMPLE.read_text())], devices=list(devices)))


def drops_of(run: Played) -> int:
    """How many sessions of pump-01 were dropped."""
    return sum(call.operation == "DeleteConnection" and call.error is None for call in run.calls)


def test_a_stubborn_device_is_dropped_as_often_as_it_comes_back() -> None:
    """A quiet one is dropped once, and an offline one never; each is contained, and it alone."""
    runs = {name: played(f"pump-01={name}") for name in ("stubborn", "quiet", "offline")}
    assert {name: drops_of(run) for name, run in runs.items()} == {"stubborn": 3, "quiet": 1, "offline": 0}
    for name, run in runs.items():
        [incident] = run.result.incidents
        assert incident.status is IncidentStatus.CONTAINED
        assert run.before.sessions["session/pump-01"]["connected"] is (name != "offline")
        assert run.after.sessions["session/pump-01"]["connected"] is False
        others = {key: fields for key, fields in run.before.sessions.items() if key != "session/pump-01"}
        assert others == {key: fields for key, fields in run.after.sessions.items() if key != "session/pump-01"}


def test_what_a_device_does_about_jobs_changes_nothing_where_there_is_none() -> None:
    """Nothing but what it was told: a run without a job ends as it does with good devices."""
    plain, told = played(), played("pump-01=lies", "pump-02=never-answers")
    [was], [became] = plain.result.incidents, told.result.incidents
    assert (became.status, became.states) == (was.status, was.states)
    assert [change.resource for change in told.result.fleet_diff] != []
    assert len(told.result.fleet_diff) == len(plain.result.fleet_diff)


def test_a_device_that_is_still_compromised_raises_its_alarm_again(local_aws: LocalAws) -> None:
    """After a job that it did well its telemetry is let through, and Cordon is told; of a good device it is not."""
    fleet = local_aws.fleet
    switch_on(parse_devices(["pump-02=still-compromised"], {"pump-02"}), local_aws)
    make_role(fleet)
    allow = json.dumps({"Version": "2012-10-17", "Statement": [READ]})
    local_aws.client("iam").put_role_policy(RoleName="JobRole", PolicyName="own", PolicyDocument=allow)
    sha256, url = hashlib.sha256(b"v2").hexdigest(), put_artefact(fleet, b"v2")
    firmware = {"package": "pump", "version": "2.0.0", "url": url, "sha256": sha256}
    document = {"schema_version": 1, "operation": "restore", "incident_id": "i", "firmware": firmware, "csr": None}
    create_job(fleet, "pump-02", "pump-03", document=document, presignedUrlConfig={"roleArn": ROLE})
    local_aws.settle()
    assert [status(fleet, name) for name in ("pump-02", "pump-03")] == ["SUCCEEDED", "SUCCEEDED"]
    assert Record(local_aws).incidents() == []
    local_aws.clock.advance(60)
    local_aws.settle()
    [incident] = Record(local_aws).incidents()
    assert (incident.subject, incident.status) == ("pump-02", IncidentStatus.CONTAINED)
    local_aws.clock.advance(3600)
    local_aws.settle()
    assert len(Record(local_aws).incidents()) == 1
