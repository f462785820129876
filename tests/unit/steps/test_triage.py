from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from cordon.incidents.bus import Bus
from cordon.model.incident import Incident
from cordon.model.response_policy import Alarms
from cordon.response.policy_store import Policies
from cordon.steps.triage import Rejected, Triage
from cordon.things.attribution import Attributor
from cordon.things.role_aliases import RoleAliasReader
from cordon.tickets.pager import Pager

from playtest.run.demo_policy import demo_policy

from ..conftest import ACCOUNT, BUCKET, MORNING, REGION, Bed

EVENTS = Path(__file__).parents[3] / "events"
SAMPLE = EVENTS / "device-defender-detect.malformed.not-json-rejected.txt"
ALARM = json.loads((EVENTS / "device-defender-detect.in-alarm.source-address-contained.json").read_text())


@pytest.fixture(autouse=True)
def metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are printed, under a name."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Cordon")


class Aws:
    """A bus, a topic and a queue that keep what they are given; the queue can be down."""

    def __init__(self) -> None:
        self.announced: list[str] = []
        self.pages: list[str] = []
        self.rejected: list[dict[str, Any]] = []
        self.queue_is_down = False

    def put_events(self, **request: Any) -> dict[str, Any]:
        """Keep what kind of event it is."""
        self.announced += [entry["DetailType"] for entry in request["Entries"]]
        return {"FailedEntryCount": 0}

    def publish(self, **message: Any) -> None:
        """Keep the subject."""
        self.pages.append(message["Subject"])

    def send_message(self, **message: Any) -> None:
        """Keep the body, or refuse."""
        if self.queue_is_down:
            raise ConnectionError
        self.rejected.append(json.loads(message["MessageBody"]))


def triage(bed: Bed, aws: Any) -> Triage:
    """Return triage over the bed's record."""
    queue = Rejected(aws, "queue")
    attributor = Attributor(bed.iot, RoleAliasReader(bed.iot, bed.client("iam")), ACCOUNT)
    policies = Policies(bed.client("s3"), BUCKET, bed.table)
    return Triage(
        bed.incidents, bed.admission, bed.evidence, Bus(aws, "cordon"), Pager(aws, "topic"), queue, attributor, policies
    )


def notification(bed: Bed, message_id: str, *, envelope: dict[str, Any] | None = None, **fields: Any) -> str:
    """Return the body of an SQS message: an alarm of this moment about pump-01, as SNS wraps it."""
    at = int(bed.clock.moment.timestamp() * 1000)
    message = {**ALARM, "thingName": "pump-01", "violationEventTime": at, **fields}
    outside = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms",
        "Timestamp": bed.clock.moment.isoformat(),
        "Message": json.dumps(message),
    }
    return json.dumps({**outside, **(envelope or {})})


def receive(bed: Bed, aws: Any, body: str) -> None:
    """Let triage take in a message that reaches it now."""
    triage(bed, aws).receive(body, message_id="sqs", received_at=bed.clock.moment)


def opened(bed: Bed) -> Incident:
    """Open an incident through triage, and return it."""
    receive(bed, Aws(), notification(bed, "a1"))
    return the_incident(bed)


def the_incident(bed: Bed) -> Incident:
    """Return the incident of pump-01."""
    return bed.incidents.get(bed.open_id("pump-01") or "")


def sighted(bed: Bed, aws: Aws, alarm_id: str, **head: Any) -> str:
    """Let triage take in a sighting of the incident, whose head says this, and return its body."""
    if head:
        bed.set_head(the_incident(bed).id, **head)
    body = notification(bed, alarm_id)
    receive(bed, aws, body)
    return body


def test_an_incident_is_counted_when_it_is_opened(bed: Bed, capsys: pytest.CaptureFixture[str]) -> None:
    """Once: neither a redelivery nor a sighting opens another."""
    opened(bed)
    opened(bed)
    sighted(bed, Aws(), "a2")
    assert capsys.readouterr().out.count('"IncidentOpened":') == 1


@pytest.mark.parametrize(("minutes", "pages"), [(15, 1), (16, 2), (31, 3)])
def test_a_thing_that_a_person_has_pages_every_quarter_of_an_hour_at_most(bed: Bed, minutes: int, pages: int) -> None:
    """However often it alarms: the first sighting pages, and the next one fifteen minutes later."""
    aws = Aws()
    opened(bed)
    for minute in range(minutes):
        sighted(bed, aws, f"b{minute}", status="escalated")
        bed.clock.advance(minutes=1)
    assert aws.pages == ["Cordon: pump-01 alarms again"] * pages
    assert aws.announced == []


def test_an_observed_incident_is_announced_to_be_assessed_again(bed: Bed) -> None:
    """Its playbook may claim it once more."""
    aws = Aws()
    opened(bed)
    sighted(bed, aws, "a2", status="observed")
    assert (aws.announced, aws.pages) == (["Incident Opened"], [])


def test_a_contained_incident_is_questioned_once_but_again_for_a_redelivery(bed: Bed) -> None:
    """A storm starts one look; a message that comes again may have died before its event."""
    aws = Aws()
    opened(bed)
    bed.clock.advance(minutes=20)
    contained = {"status": "contained", "proven_at": (MORNING + timedelta(minutes=10)).isoformat()}
    sighted(bed, aws, "a2", **contained)
    again = sighted(bed, aws, "a3")
    assert aws.announced == ["Containment Questioned"]
    receive(bed, aws, again)
    assert aws.announced == ["Containment Questioned"] * 2


def test_an_alarm_from_before_the_proof_questions_nothing(bed: Bed) -> None:
    """It is dated before, and what it tells was answered."""
    aws = Aws()
    opened(bed)
    sighted(bed, aws, "a2", status="contained", proven_at=(MORNING + timedelta(minutes=10)).isoformat())
    assert (aws.announced, aws.pages) == ([], [])


def test_what_can_never_be_accepted_is_put_before_a_person_once_and_remembered_last(bed: Bed) -> None:
    """With its field and a reference; while the queue is down nothing is remembered, so that it comes again."""
    aws = Aws()
    aws.queue_is_down = True
    for _ in range(3):
        try:
            triage(bed, aws).receive(SAMPLE.read_text(), message_id="m1", received_at=MORNING)
        except ConnectionError:
            assert bed.admission.known("m1") is None
            aws.queue_is_down = False
    (message,) = aws.rejected
    assert message["field"]
    assert message["raw"]["key"] == "alarms/rejected/m1"
    assert (bed.admission.known("m1") or {})["became"] == "rejected"


@pytest.mark.parametrize("kind", ["in-alarm", "alarm-cleared"])
def test_the_same_alarm_in_another_envelope_is_the_same_alarm(bed: Bed, kind: str) -> None:
    """SNS may sign it anew: nothing is counted twice, and both messages are kept as they came."""
    aws = Aws()
    incident = opened(bed)
    body = notification(bed, "a2", violationEventType=kind)
    bed.clock.advance(minutes=1)
    again = json.dumps({**json.loads(body), "Signature": "another"})
    receive(bed, aws, body)
    sightings = the_incident(bed).sightings
    for _ in range(2):
        receive(bed, aws, again)
    assert (the_incident(bed).id, the_incident(bed).sightings, aws.rejected) == (incident.id, sightings, [])
    found = bed.client("s3").list_objects_v2(Bucket="evidence", Prefix="alarms/device-defender-detect/a2")["Contents"]
    bodies = [bed.client("s3").get_object(Bucket="evidence", Key=one["Key"])["Body"].read() for one in found]
    assert sorted(bodies) == sorted([body.encode(), again.encode()])


@pytest.mark.parametrize("change", [{"thingName": "pump-02"}, {"violationId": "another"}])
def test_another_alarm_under_an_id_that_was_used_is_put_before_a_person(bed: Bed, change: dict[str, Any]) -> None:
    """Once, with the field, however often it comes: it is neither lost nor taken for the first."""
    aws = Aws()
    opened(bed)
    before = the_incident(bed)
    forged = notification(bed, "a1", **change)
    for _ in range(2):
        receive(bed, aws, forged)
    (message,) = aws.rejected
    assert message["field"] == {"thingName": "thing_name", "violationId": "finding_id"}[next(iter(change))]
    assert message["delivery_id"] == "a1"
    assert "as the alarm said that came before under the id a1" in message["expected"]
    kept = bed.client("s3").get_object(Bucket="evidence", Key=message["raw"]["key"])["Body"].read()
    assert kept == forged.encode()
    assert the_incident(bed) == before
    assert (bed.admission.known("a1") or {})["became"] == "opened"


def finding(bed: Bed, case: str = "no-clue-escalated", **detail: Any) -> str:
    """Return the body of an SQS message: a GuardDuty finding of this account and Region."""
    event = json.loads((EVENTS / f"guardduty.finding.{case}.json").read_text())
    arn = event["detail"]["arn"].replace("eu-west-1", REGION)
    event["detail"] |= {"region": REGION, "arn": arn, **detail}
    return json.dumps(event)


def put_in_force(bed: Bed, samples: Literal["ignore", "answer"]) -> None:
    """Push a policy that says what becomes of samples."""
    policies = Policies(bed.client("s3"), BUCKET, bed.table)
    for person in ("alice", "bob"):  # one that loosens anything takes two
        policy = demo_policy(alarms=Alarms(guardduty_samples=samples))
        policies.push(policy, by=person, base=policies.in_force_now().hash, tell=lambda *_: None)


def test_a_sample_is_ignored_unless_the_response_policy_wants_it(bed: Bed) -> None:
    """Without a policy too; the reason is remembered, and it is not looked at again when the policy changes."""
    aws, sample = Aws(), finding(bed, "sample-ignored")
    receive(bed, aws, sample)
    put_in_force(bed, "answer")
    receive(bed, aws, sample)
    known = bed.admission.known(json.loads(sample)["id"]) or {}
    assert (known["became"], "sample" in known["reason"], aws.announced) == ("ignored", True, [])


def test_a_sample_that_was_answered_stays_answered(bed: Bed) -> None:
    """Its redelivery is announced again where nobody has claimed it, whatever the policy says by then."""
    aws, sample = Aws(), finding(bed, "sample-ignored")
    put_in_force(bed, "answer")
    receive(bed, aws, sample)
    put_in_force(bed, "ignore")
    receive(bed, aws, sample)
    assert (bed.admission.known(json.loads(sample)["id"]) or {})["became"] == "opened"
    assert aws.announced == ["Incident Opened"] * 2


def test_an_archived_finding_with_nothing_open_is_ignored_for_that(bed: Bed) -> None:
    """The reason says what it was and that nothing was open; a redelivery changes nothing."""
    aws, archived = Aws(), finding(bed, service={"archived": True})
    for _ in range(2):
        receive(bed, aws, archived)
    known = bed.admission.known(json.loads(archived)["id"]) or {}
    assert (known["became"], known["reason"]) == ("ignored", "archived, and nothing is open for its finding")
    assert (aws.announced, aws.rejected) == ([], [])


def test_another_finding_under_an_id_that_was_used_is_put_before_a_person(bed: Bed) -> None:
    """It neither joins the first nor inherits what the first was tied to."""
    aws, first = Aws(), finding(bed)
    receive(bed, aws, first)
    arn = json.loads(first)["detail"]["arn"]
    receive(bed, aws, finding(bed, arn=f"{arn}0"))
    assert [(message["field"], message["delivery_id"]) for message in aws.rejected] == [
        ("finding_id", json.loads(first)["id"])
    ]
    assert aws.announced == ["Incident Opened"]


def test_an_unreadable_message_under_an_id_that_was_used_is_not_lost(bed: Bed) -> None:
    """The alarm that came first stands, and the other is put before a person."""
    aws = Aws()
    opened(bed)
    receive(bed, aws, notification(bed, "a1", thingName=None))
    assert [message["field"] for message in aws.rejected] == ["thingName"]
    assert (bed.admission.known("a1") or {})["became"] == "opened"


def test_what_was_rejected_is_taken_in_when_it_can_be_read(bed: Bed) -> None:
    """A person mends it, or a later version reads it, and it is sent again under its own id."""
    aws = Aws()
    receive(bed, aws, notification(bed, "a1", thingName=None))
    receive(bed, aws, notification(bed, "a1"))
    assert (the_incident(bed).opened_by, aws.announced) == ("a1", ["Incident Opened"])


def test_a_cleared_alarm_with_nothing_open_stays_ignored(bed: Bed) -> None:
    """Also when an incident was opened since, and it comes again."""
    aws = Aws()
    cleared = notification(bed, "a0", violationEventType="alarm-cleared")
    receive(bed, aws, cleared)
    opened(bed)
    receive(bed, aws, cleared)
    assert (bed.admission.known("a0") or {})["became"] == "ignored"
    assert (the_incident(bed).sightings, aws.announced) == (1, [])
