"""GuardDuty's findings from the default bus to their end: what is answered, and what is not."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from cordon.model.alarm import Certainty
from cordon.model.incident import IncidentStatus, Mode
from cordon.model.response_policy import Alarms

from playtest.fleet import diff
from playtest.fleet.demo_things import OPERATOR_ROLE
from playtest.local_aws import LocalAws
from playtest.run.record import Record
from tests.e2e.answers import Alarm, Up, answer, pages, the_incident, tickets_of
from tests.e2e.findings import another_finding, certainty_of, dead_letters, event_of, incidents, send
from tests.e2e.test_crashes import changes_made

DEVICE_CREDENTIALS = "device-credentials-contained"
READS = (
    ("iot", "DescribeCertificate"),
    ("iot", "ListPrincipalThings"),
    ("iot", "ListRoleAliases"),
    ("iot", "DescribeRoleAlias"),
    ("iam", "GetRole"),
    ("iam", "ListAttachedRolePolicies"),
)
"""All that is read to tie a session to a thing."""
ANSWERED_SAMPLES = Alarms(max_age_hours=0, guardduty_samples="answer")


def test_the_same_finding_again_is_a_sighting_of_its_incident(aws: LocalAws) -> None:
    """GuardDuty sends it every few hours, under another event id: nothing more is changed for it."""
    send(aws, event_of(aws, DEVICE_CREDENTIALS))
    first, before = the_incident(aws), aws.fleet.snapshot()
    assert (first.status, certainty_of(first)) == (IncidentStatus.CONTAINED, Certainty.PROVEN)
    send(aws, event_of(aws, "device-credentials-updated-contained"))
    after = the_incident(aws)
    assert (after.id, after.sightings, after.status) == (first.id, 2, IncidentStatus.CONTAINED)
    assert diff(before, aws.fleet.snapshot()) == []


def test_a_report_after_the_proof_has_the_containment_looked_at_again(aws: LocalAws) -> None:
    """The same finding goes on: the proof is tested once more, holds, and nobody is woken."""
    send(aws, event_of(aws, DEVICE_CREDENTIALS))
    proven = the_incident(aws)
    aws.clock.advance(6 * 3600)
    send(aws, event_of(aws, DEVICE_CREDENTIALS, updatedAt=aws.clock.now().isoformat()))
    after = the_incident(aws)
    assert (after.status, after.sightings, after.questioned) == (IncidentStatus.CONTAINED, 2, False)
    looked = [one for one in aws.executions() if one.state_machine == "VerifyContainmentStateMachine"]
    assert [one.status for one in looked] == ["SUCCEEDED"]
    assert (after.id, pages(aws)) == (proven.id, [])


def test_a_finding_whose_certificate_has_moved_meanwhile_stays_with_its_incident(up: Up) -> None:
    """The same finding leads to another thing by now, which is not cut off for it."""
    aws = up(Mode.OBSERVE)
    event = event_of(aws, DEVICE_CREDENTIALS)
    send(aws, event)
    certificate = aws.fleet.thing("camera-01").device.principals[0]
    aws.client("iot").detach_thing_principal(thingName="camera-01", principal=certificate)
    aws.client("iot").attach_thing_principal(thingName="spare-01", principal=certificate)
    send(aws, {**event, "id": str(uuid4())})
    assert (the_incident(aws).thing_name, the_incident(aws).sightings) == ("camera-01", 2)


@pytest.mark.parametrize("is_an_aliass", [False, True])
def test_a_session_that_an_attacker_named_after_a_victims_certificate_changes_nothing(
    aws: LocalAws, is_an_aliass: bool
) -> None:
    """Whoever may assume a role names his session as he likes, also where it is a role alias's role."""
    role = aws.fleet.role_id(OPERATOR_ROLE)
    if is_an_aliass:
        arn = aws.client("iam").get_role(RoleName=OPERATOR_ROLE)["Role"]["Arn"]
        aws.client("iot").create_role_alias(roleAlias="workshop", roleArn=arn)
    before = aws.fleet.snapshot()
    send(aws, event_of(aws, DEVICE_CREDENTIALS, thing="pump-01", role=role, severity=10))
    incident = the_incident(aws)
    assert (incident.status, certainty_of(incident)) == (IncidentStatus.AWAITING_APPROVAL, Certainty.INFERRED)
    assert incident.thing_name == "pump-01"
    assert any("inferred" in reason for reason in incident.reasons)
    assert diff(before, aws.fleet.snapshot()) == []
    assert len(pages(aws)) == 1


def test_whoever_knocks_at_a_gateway_does_not_have_it_cut_off(aws: LocalAws) -> None:
    """Anybody on the internet can try a password there: a person is asked, and nothing is changed."""
    before = aws.fleet.snapshot()
    send(aws, event_of(aws, "brute-force-target-awaiting_approval", severity=10))
    incident = the_incident(aws)
    assert (incident.thing_name, incident.status) == ("gateway-01", IncidentStatus.AWAITING_APPROVAL)
    assert certainty_of(incident) is Certainty.INFERRED
    assert any("anybody may have done this to it" in reason for reason in incident.reasons)
    assert diff(before, aws.fleet.snapshot()) == []


def test_a_sequence_cuts_off_who_acted_and_not_what_it_came_upon(aws: LocalAws) -> None:
    """One finding, two things: the actor is contained, and a person decides about the other, untouched."""
    event = event_of(aws, "attack-sequence-two-things-contained")
    event["detail"]["service"]["detection"]["sequence"]["actors"].pop()
    before = aws.fleet.snapshot()
    send(aws, event)
    ended = {one.thing_name: (one.status, certainty_of(one)) for one in incidents(aws)}
    assert ended == {
        "pump-04": (IncidentStatus.CONTAINED, Certainty.PROVEN),
        "mixer-01": (IncidentStatus.AWAITING_APPROVAL, Certainty.INFERRED),
    }
    changed = {one.resource for one in diff(before, aws.fleet.snapshot())}
    assert "thing/pump-04" in changed
    assert not changed & {"thing/mixer-01", "session/mixer-01"}


def test_a_real_finding_is_not_kept_from_its_answer_by_a_forged_one(up: Up) -> None:
    """A forged one came first and was only shown: the surer one has it assessed again, and says how sure it is."""
    aws = up(Mode.OBSERVE)
    forged = event_of(aws, DEVICE_CREDENTIALS, role=aws.fleet.role_id(OPERATOR_ROLE))
    send(aws, another_finding(forged))
    shown = the_incident(aws)
    send(aws, event_of(aws, DEVICE_CREDENTIALS))
    after = the_incident(aws)
    assert (certainty_of(shown), certainty_of(after)) == (Certainty.INFERRED, Certainty.PROVEN)
    assert (after.id, after.sightings) == (shown.id, 2)


def test_a_certificate_of_300_things_leads_to_none_of_them(aws: LocalAws) -> None:
    """The first ten are named, and how many there are; a person decides, and nothing is changed."""
    certificate = aws.fleet.thing("camera-01").device.principals[0]
    for number in range(299):
        aws.client("iot").create_thing(thingName=f"meter-{number:03}")
        aws.client("iot").attach_thing_principal(thingName=f"meter-{number:03}", principal=certificate)
    since = len(aws.calls)
    send(aws, event_of(aws, DEVICE_CREDENTIALS))
    incident = the_incident(aws)
    assert (incident.status, incident.thing_name) == (IncidentStatus.ESCALATED, None)
    assert incident.attribution is not None
    assert "300 things" in incident.attribution.how
    assert incident.attribution.candidates == ["camera-01", *(f"meter-{number:03}" for number in range(9))]
    assert changes_made(aws, since).total() == 0
    assert (len(pages(aws)), len(tickets_of(aws, incident.id))) == (1, 1)


def test_a_finding_is_archived_while_its_thing_is_contained(aws: LocalAws) -> None:
    """It is noted, and stands nothing down; a sample of the same is nothing at all."""
    event = event_of(aws, DEVICE_CREDENTIALS)
    send(aws, event)
    before = aws.fleet.snapshot()
    archived = {**event, "id": str(uuid4()), "detail": {**event["detail"], "service": {"archived": True}}}
    send(aws, archived)
    send(aws, event_of(aws, "sample-ignored"))
    incident = the_incident(aws)
    assert (incident.status, incident.sightings) == (IncidentStatus.CONTAINED, 1)
    assert [row["what"] for row in Record(aws).of_incident(incident.id, "TIMELINE#")].count("alarm-cleared") == 1
    assert diff(before, aws.fleet.snapshot()) == []


def test_samples_are_answered_where_the_response_policy_says_so(up: Up) -> None:
    """Whoever wants to try it out on the real fleet asks for it."""
    aws = up(Mode.OBSERVE, alarms=ANSWERED_SAMPLES)
    send(aws, event_of(aws, "sample-ignored"))
    assert (the_incident(aws).status, the_incident(aws).thing_name) == (IncidentStatus.OBSERVED, "camera-01")


def test_a_sample_is_ignored_while_no_policy_can_be_read(up: Up) -> None:
    """Its reason is remembered, and when the policy answers samples later, that one stays ignored."""
    aws = up(Mode.OBSERVE, alarms=ANSWERED_SAMPLES)
    aws.clock.advance(60)  # so that the policy is read again
    aws.faults.fail("s3", "GetObject", "InternalError", times=1, function="TriageFunction")
    event = event_of(aws, "sample-ignored")
    for _ in range(2):
        send(aws, event)
        aws.clock.advance(60)
    assert incidents(aws) == []
    (row,) = Record(aws).of_delivery(event["id"])
    assert (row["became"], "sample" in row["reason"]) == ("ignored", True)


def test_trouble_with_a_read_is_tried_again_and_never_guessed(up: Up) -> None:
    """A throttled look-up is neither a certificate of nobody nor a role that proves nothing."""
    aws = up(Mode.OBSERVE)
    for service, operation in READS:
        aws.fleet.add_thing(operation, {})
        aws.clock.advance(60)  # so that the role aliases are read again
        aws.faults.fail(service, operation, "ThrottlingException", times=2, function="TriageFunction")
        send(aws, another_finding(event_of(aws, DEVICE_CREDENTIALS, thing=operation)))
        assert len([one for one in aws.faults.struck if operation in one]) == 2
    found = {one.thing_name: (certainty_of(one), one.sightings) for one in incidents(aws)}
    assert found == {operation: (Certainty.PROVEN, 1) for _, operation in READS}
    assert dead_letters(aws) == 0


def test_many_findings_read_the_role_aliases_once(up: Up) -> None:
    """Within a minute, in one batch or in several: a storm of findings is none of calls to IAM, and each is proven."""
    aws = up(Mode.OBSERVE)
    send(aws, event_of(aws, DEVICE_CREDENTIALS))
    names = ["camera-01", *(f"stormy-{number}" for number in range(6))]
    for name in names[1:]:
        aws.fleet.add_thing(name, {})
        assert aws.put_event(another_finding(event_of(aws, DEVICE_CREDENTIALS, thing=name)))
    aws.settle()
    assert {one.thing_name: certainty_of(one) for one in incidents(aws)} == dict.fromkeys(names, Certainty.PROVEN)
    read = aws.calls.of(principal="TriageFunction", service="iot", operation="ListRoleAliases")
    assert len(read) == 1
    aws.clock.advance(60)
    aws.fleet.add_thing("later", {})
    send(aws, another_finding(event_of(aws, DEVICE_CREDENTIALS, thing="later")))
    assert len(aws.calls.of(principal="TriageFunction", service="iot", operation="ListRoleAliases")) == 2


def test_a_role_that_is_opened_to_others_proves_nothing_a_minute_later(up: Up) -> None:
    """What was read of its trust is used no longer than that."""
    aws = up(Mode.OBSERVE)
    send(aws, event_of(aws, DEVICE_CREDENTIALS))
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
    aws.client("iam").update_assume_role_policy(RoleName="DeviceRole", PolicyDocument=document)
    aws.clock.advance(60)
    send(aws, another_finding(event_of(aws, DEVICE_CREDENTIALS, thing="pump-01")))
    assert [certainty_of(one) for one in incidents(aws)] == [Certainty.PROVEN, Certainty.INFERRED]


def test_a_read_that_never_succeeds_ends_before_a_person_and_changes_nothing(aws: LocalAws) -> None:
    """After five tries the message waits in the dead letters, whose alarm pages."""
    before = aws.fleet.snapshot()
    aws.faults.fail("iot", "DescribeCertificate", "InternalFailureException", times=99, function="TriageFunction")
    send(aws, event_of(aws, DEVICE_CREDENTIALS))
    assert (incidents(aws), dead_letters(aws)) == ([], 1)
    assert diff(before, aws.fleet.snapshot()) == []


def test_what_is_of_another_account_is_looked_up_by_nobody(aws: LocalAws) -> None:
    """Neither its certificate nor its role: a member's certificate may have the digits of ours."""
    before = len(aws.calls)
    send(aws, event_of(aws, "member-account-escalated"))
    asked = [call for call in list(aws.calls)[before:] if call.principal == "TriageFunction"]
    assert {call.service for call in asked} <= {"dynamodb", "s3", "events"}
    incident = the_incident(aws)
    assert (incident.status, incident.account, incident.thing_name) == (
        IncidentStatus.ESCALATED,
        "210987654321",
        None,
    )


def test_a_finding_joins_what_device_defender_opened(aws: LocalAws, alarm: Alarm) -> None:
    """Two detectors, one thing, one incident."""
    answer(aws, alarm("camera-01"))
    send(aws, event_of(aws, DEVICE_CREDENTIALS))
    assert (the_incident(aws).status, the_incident(aws).sightings) == (IncidentStatus.CONTAINED, 2)
