"""Over MQTT the jobs and shadow services answer the client that asked, as far as its policies let it hear them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from playtest.fleet import DemoFleet
from playtest.fleet.reserved_topics import Reply
from playtest.fleet.sessions import NoSession
from tests.unit.playtest.jobs import create_job, execution, idle, status
from tests.unit.playtest.watched_fleet import is_connected, principal, wait

FleetMaker = Callable[..., DemoFleet]
THING = "$aws/things/pump-01"


@pytest.fixture
def fleet(fleet_of: FleetMaker) -> DemoFleet:
    """A pump with a job that it does not take by itself."""
    made = idle(fleet_of("pump-01"))
    create_job(made, document={"do": "it"})
    return made


def say(fleet: DemoFleet, topic: str, **message: Any) -> Reply:
    """Publish as pump-01, and return the answer."""
    reply = fleet.broker.publish("pump-01", f"{THING}/{topic}", message)
    assert reply is not None
    return reply


def test_a_device_asks_for_its_jobs(fleet: DemoFleet) -> None:
    """All that are pending, and the next with its document, which is no text here; its token comes back."""
    pending = say(fleet, "jobs/get", clientToken="t").message
    assert [job["jobId"] for job in pending["queuedJobs"]] == ["job"]
    assert (pending["inProgressJobs"], pending["clientToken"]) == ([], "t")
    following = say(fleet, "jobs/$next/get")
    assert following.topic == f"{THING}/jobs/$next/get/accepted"
    assert following.message["execution"]["jobDocument"] == {"do": "it"}
    assert "jobDocument" not in say(fleet, "jobs/job/get", includeJobDocument=False).message["execution"]
    assert status(fleet) == "QUEUED"


@pytest.mark.parametrize(
    ("topic", "message", "code"),
    [
        ("jobs/other/get", {}, "ResourceNotFound"),
        ("jobs/job/update", {"status": "DONE"}, "InvalidRequest"),
        ("jobs/job/update", {}, "InvalidRequest"),
        ("jobs/job/update", {"status": "SUCCEEDED", "expectedVersion": 7}, "VersionMismatch"),
        ("jobs/update", {"status": "SUCCEEDED"}, "InvalidTopic"),
        ("jobs/job/start-next", {}, "InvalidTopic"),
    ],
)
def test_what_cannot_be_is_rejected(fleet: DemoFleet, topic: str, message: dict[str, Any], code: str) -> None:
    """With the code of the MQTT API, on the topic that says so; the execution stays as it was."""
    reply = say(fleet, topic, **message)
    assert (reply.topic, reply.message["code"]) == (f"{THING}/{topic}/rejected", code)
    expected = {"status": "QUEUED", "statusDetails": {}, "versionNumber": 1} if code == "VersionMismatch" else None
    assert reply.message.get("executionState") == expected
    assert (status(fleet), execution(fleet)["versionNumber"]) == ("QUEUED", 1)


def test_what_is_over_is_rejected_with_its_state(fleet: DemoFleet) -> None:
    """Both to look at and to change."""
    say(fleet, "jobs/job/update", status="FAILED", statusDetails={"why": "x"})
    again = say(fleet, "jobs/job/update", status="SUCCEEDED").message
    assert again["code"] == "InvalidStateTransition"
    assert again["executionState"] == {"status": "FAILED", "statusDetails": {"why": "x"}, "versionNumber": 2}
    assert say(fleet, "jobs/job/get").message["code"] == "TerminalStateReached"
    assert say(fleet, "jobs/start-next").message.keys() == {"timestamp"}


def test_an_answer_is_heard_only_where_a_policy_lets_it(fleet: DemoFleet) -> None:
    """The job is taken all the same: who may publish and not receive does not learn of it, and keeps its session."""
    deny = {"Effect": "Deny", "Action": "iot:Receive", "Resource": fleet.broker.registry.arn(f"topic/{THING}/jobs/*")}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    fleet.iot.create_policy(policyName="deaf", policyDocument=document)
    fleet.iot.attach_policy(policyName="deaf", target=principal(fleet))
    wait(fleet, 600)
    assert fleet.broker.news("pump-01", f"{THING}/jobs/notify-next") is None
    assert fleet.broker.publish("pump-01", f"{THING}/jobs/start-next", {}) is None
    assert (status(fleet), is_connected(fleet)) == ("IN_PROGRESS", True)


def test_who_is_not_connected_hears_and_says_nothing(fleet: DemoFleet) -> None:
    """Until it is back; and a thing that has nothing to do is told nothing."""
    topic = f"{THING}/jobs/notify-next"
    told = fleet.broker.news("pump-01", topic)
    assert told is not None
    assert told["execution"]["jobId"] == "job"
    fleet.broker.drop("pump-01")
    assert fleet.broker.news("pump-01", topic) is None
    with pytest.raises(NoSession):
        say(fleet, "jobs/start-next")
    wait(fleet, 1)
    say(fleet, "jobs/job/update", status="SUCCEEDED")
    assert fleet.broker.news("pump-01", topic) is None


def test_a_shadow_takes_what_a_device_reports(fleet: DemoFleet) -> None:
    """A named one and the classic one; what the shadow service refuses is rejected, and changes nothing."""
    data = fleet.aws.client("iot-data")
    for name, topic in (("lamp", "shadow/name/lamp/update"), (None, "shadow/update")):
        assert say(fleet, topic, state={"reported": {"on": True}}).topic == f"{THING}/{topic}/accepted"
        rejected = say(fleet, topic, state={"unheard-of": {}})
        assert (rejected.topic, rejected.message["code"]) == (f"{THING}/{topic}/rejected", 400)
        named = {"shadowName": name} if name else {}
        kept = json.loads(data.get_thing_shadow(thingName="pump-01", **named)["payload"].read())
        assert kept["state"]["reported"]["on"] is True
        assert "unheard-of" not in kept["state"]


def test_nobody_answers_on_other_topics(fleet: DemoFleet) -> None:
    """Telemetry is telemetry."""
    assert fleet.broker.publish("pump-01", "dt/pump-01/telemetry", {"a": 1}) is None
    assert is_connected(fleet)
