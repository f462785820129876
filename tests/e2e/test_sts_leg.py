"""AWS credentials that a thing's certificate got are cut with it, and nobody else's are."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from cordon.actions.sts_policy import MOST_IDS
from cordon.incidents.bus import Bus
from cordon.incidents.ledger import Ledger
from cordon.incidents.record import Incidents
from cordon.incidents.sts_holds import StsHolds
from cordon.incidents.table import Table
from cordon.model.incident import Incident, IncidentStatus, LegOutcome
from cordon.response.escalation import Escalation
from cordon.response.undoing import Undone, put_back
from cordon.tickets.ops_center import OpsCenter
from cordon.tickets.tickets import Tickets

from playtest.fleet import diff
from playtest.fleet.broker import Credentials
from playtest.local_aws import LocalAws
from playtest.run.play import play
from playtest.run.raw_alarm import read_raw_alarm
from playtest.run.record import Record
from playtest.run.scenario import scenario
from tests.e2e.answers import (
    Alarm,
    Up,
    actions_of,
    answer,
    answered,
    at_rest,
    deaths,
    ledger_of,
    pages,
    the_incident,
    tickets_of,
    undo,
)

EVENTS = Path(__file__).parents[2] / "events"
ROLE, ALIAS = "DeviceRole", "device"
TWELVE_HOURS = 12 * 3600
DENIED = "sts-deny/policy"


def handed_out(aws: LocalAws, thing: str) -> Credentials:
    """Credentials that a thing gets for its certificate."""
    return aws.fleet.broker.assume_role_with_certificate(aws.fleet.certificate_id(thing), ALIAS, thing)


def may_use(aws: LocalAws, *credentials: Credentials) -> list[bool]:
    """Whether each is good for anything still."""
    return [aws.fleet.broker.may_use(one) for one in credentials]


def denied(aws: LocalAws) -> list[str]:
    """The certificates whose sessions are denied."""
    found: list[str] = aws.fleet.snapshot().registry[DENIED]["certificates"]
    return found


def policy_arn(aws: LocalAws) -> str:
    """The stack's policy."""
    return aws.stack.resource("StsDenyPolicy")


def unproven(incident: Incident) -> list[str]:
    """The legs that were not proven, which are all unknown."""
    open_ = [leg for leg in incident.legs if not leg.proven]
    assert {leg.outcome for leg in open_} <= {LegOutcome.UNKNOWN}
    return [leg.resource for leg in open_]


def test_a_cameras_credentials_are_cut_and_its_neighbours_are_not(aws: LocalAws, alarm: Alarm) -> None:
    """Those that it got before, though its certificate's status does not touch them; and it gets no new ones."""
    camera, bystander = handed_out(aws, "camera-01"), handed_out(aws, "camera-02")
    before = aws.fleet.snapshot()
    incident = answered(aws, alarm("camera-01"))
    assert (incident.status, incident.plan_gaps) == (IncidentStatus.CONTAINED, [])
    assert may_use(aws, camera, bystander, handed_out(aws, "camera-02")) == [False, True, True]
    changed = [found for found in diff(before, aws.fleet.snapshot()) if found.resource == DENIED]
    assert [(found.before, found.after) for found in changed] == [([], [aws.fleet.certificate_id("camera-01")])]
    (role,) = aws.client("iam").list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    assert role["PolicyArn"] == policy_arn(aws)


def test_a_thing_that_may_get_no_credentials_leaves_iam_alone(aws: LocalAws, alarm: Alarm) -> None:
    """Neither read nor written: asking takes its time before the first containment call."""
    assert answered(aws, alarm("pump-01")).status is IncidentStatus.CONTAINED
    assert [call for call in aws.calls.of(service="iam") if call.principal.endswith("Function")] == []
    assert denied(aws) == []


def test_a_role_that_does_not_carry_the_policy_makes_it_partial(aws: LocalAws, alarm: Alarm) -> None:
    """The ticket says how to attach it; Cordon writes to no role. Attached, the id is in it already."""
    camera = handed_out(aws, "camera-01")
    aws.client("iam").detach_role_policy(RoleName=ROLE, PolicyArn=policy_arn(aws))
    incident = answered(aws, alarm("camera-01"))
    assert incident.status is IncidentStatus.PARTIAL
    assert unproven(incident) == [f"sts/{ROLE}"]
    assert may_use(aws, camera) == [True]
    assert len(pages(aws)) == 1
    (gap,) = incident.plan_gaps
    command = f"aws iam attach-role-policy --role-name {ROLE} --policy-arn {policy_arn(aws)}"
    assert gap.reason.endswith(command)
    assert aws.client("iam").list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"] == []
    aws.client("iam").attach_role_policy(RoleName=ROLE, PolicyArn=policy_arn(aws))
    assert may_use(aws, camera) == [False]


def test_the_id_is_out_after_twelve_hours_and_the_proof_still_holds(aws: LocalAws, alarm: Alarm) -> None:
    """The sweep takes it out; an alarm after that is looked into, and finds nothing reverted."""
    incident = answered(aws, alarm("camera-01"))
    held_at = aws.clock.now()
    aws.clock.advance(TWELVE_HOURS - 3600)
    aws.invoke("SweepFunction", {})
    assert denied(aws) == [aws.fleet.certificate_id("camera-01")], held_at
    aws.clock.advance(3600)
    swept = aws.invoke("SweepFunction", {})
    assert (swept.error, swept.result["holds_ended"], denied(aws)) == (None, 1, [])
    later = int(aws.clock.now().timestamp() * 1000)
    answer(aws, alarm("camera-01", "in-alarm.authorization-failures-contained", violationEventTime=later))
    assert "VerifyContainment" in aws.executions()[-1].states
    assert the_incident(aws).status is IncidentStatus.CONTAINED
    assert the_incident(aws).id == incident.id


def test_what_was_denied_is_missed_when_somebody_takes_it_out(aws: LocalAws, alarm: Alarm) -> None:
    """An alarm after the proof finds it; the sweep writes it again, by the hold."""
    answered(aws, alarm("camera-01"))
    version = {"PolicyArn": policy_arn(aws), "SetAsDefault": True}
    condition = {"StringEquals": {"credentials-iot:AwsCertificateId": ["none"]}}
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("iam").create_policy_version(PolicyDocument=document, **version)
    aws.clock.advance(60)
    later = int(aws.clock.now().timestamp() * 1000)
    answer(aws, alarm("camera-01", "in-alarm.authorization-failures-contained", violationEventTime=later))
    assert the_incident(aws).status is IncidentStatus.ESCALATED
    aws.invoke("SweepFunction", {})
    assert denied(aws) == [aws.fleet.certificate_id("camera-01")]


def test_undone_the_credentials_are_good_again(aws: LocalAws, alarm: Alarm) -> None:
    """The inverse of the plan leaves no difference, and no hold."""
    camera, before = handed_out(aws, "camera-01"), aws.fleet.snapshot()
    undo(aws, answered(aws, alarm("camera-01")))
    assert diff(before, aws.fleet.snapshot(), sessions=False) == []
    assert may_use(aws, camera) == [True]
    aws.invoke("SweepFunction", {})
    assert denied(aws) == []


def put_back_for_a_person(aws: LocalAws, incident: Incident) -> Undone:
    """Undo an incident as a rollback does, with every action there is."""
    record = Incidents(Table(aws.client("dynamodb"), aws.stack.resource("IncidentsTable")))
    tickets = Tickets(record.table, OpsCenter(aws.client("ssm")))
    actions = actions_of(aws)
    escalation = Escalation(record, Bus(aws.client("events"), aws.stack.resource("Bus")), tickets, actions)
    return put_back(incident, Ledger(record, incident.id, "a person's rollback"), actions, escalation)


@pytest.mark.parametrize("hours", [0, 13])
def test_rolled_back_nothing_is_held_whether_the_hold_ran_out_or_not(aws: LocalAws, alarm: Alarm, hours: int) -> None:
    """Every change is put back without a conflict; an id that the sweep took out is out, and stays out."""
    before = aws.fleet.snapshot()
    incident = answered(aws, alarm("camera-01"))
    aws.clock.advance(hours * 3600)
    aws.invoke("SweepFunction", {})
    undone = put_back_for_a_person(aws, incident)
    assert (undone.is_complete, len(undone.put_back)) == (True, len(ledger_of(aws, incident)))
    assert diff(before, aws.fleet.snapshot(), sessions=False) == []
    aws.invoke("SweepFunction", {})
    assert denied(aws) == []


def test_a_session_that_was_seen_is_denied_though_no_policy_allows_it_now() -> None:
    """GuardDuty saw credentials of a pump, whose policies let it get none: somebody may have changed them since."""
    sample = EVENTS / "guardduty.finding.drifted-data-contained.json"
    played = play(scenario([read_raw_alarm(str(sample), io.BytesIO())]))
    (incident,) = played.result.incidents
    (certificate,) = played.before.registry[f"thing/{incident.thing}"]["principals"]
    assert "plant-video" not in played.before.registry[f"certificate/{certificate}"]["policies"]
    assert played.after.registry[DENIED] == {"certificates": [certificate]}
    assert incident.status is IncidentStatus.CONTAINED


def test_two_cameras_at_once_are_both_denied(aws: LocalAws, alarm: Alarm) -> None:
    """Two executions write one policy: it holds both ids, and each execution ends contained."""
    cameras = ("camera-01", "camera-02", "gateway-01")
    held = [handed_out(aws, name) for name in cameras]
    for name in cameras:
        aws.publish_alarm(alarm(name))
    aws.settle()
    assert {one.status for one in Record(aws).incidents()} == {IncidentStatus.CONTAINED}
    assert denied(aws) == sorted(map(aws.fleet.certificate_id, cameras))
    assert may_use(aws, *held) == [False] * 3


def test_a_full_policy_leaves_nobody_out_and_tells_a_person(aws: LocalAws, alarm: Alarm) -> None:
    """All else of the plan is done, the leg ends unknown, and those who were in it stay in it."""
    camera = handed_out(aws, "camera-01")
    holds = StsHolds(Table(aws.client("dynamodb"), aws.stack.resource("IncidentsTable")))
    others = [f"{number:064x}" for number in range(MOST_IDS)]
    for certificate_id in others:
        holds.hold(certificate_id, "inc-20261102-0123456789")
    aws.invoke("SweepFunction", {})
    assert denied(aws) == others
    incident = answered(aws, alarm("camera-01"))
    assert incident.status is IncidentStatus.PARTIAL
    assert unproven(incident) == [ledger_of(aws, incident)[-1].change.resource]
    assert incident.legs[-1].reason == "what was planned could not be done: the timeline says why"
    (ticket,) = tickets_of(aws, incident.id)
    assert "could not be done" in Record(aws).ops_item(ticket)["Description"]
    assert (denied(aws), may_use(aws, camera)) == (others, [True])
    assert len(pages(aws)) == 1


def test_a_step_may_die_after_any_call(up: Up, alarm: Alarm) -> None:
    """It runs again and ends what it began: contained, denied once, and the lock is free for the next."""
    aws = up(things=1000)
    video = aws.fleet.thing("camera-01").spec.policies[-1]
    played: list[str] = []
    for number in deaths(aws, ["DenyStsSessionsFunction"]):
        thing = f"dies-after-{number}"
        aws.fleet.add_thing(thing, {})
        aws.client("iot").attach_policy(
            policyName=video,
            target=aws.fleet.broker.registry.certificate_arn(aws.fleet.certificate_id(thing)),
        )
        aws.clock.advance(600)  # until the broker's cache of policies has run out
        answer(aws, alarm(thing))
        played.append(thing)
    assert len(played) > 5
    assert {name: one.status for name, one in at_rest(aws).items()} == dict.fromkeys(played, IncidentStatus.CONTAINED)
    assert denied(aws) == sorted(map(aws.fleet.certificate_id, played))


@pytest.mark.parametrize("missing", ["GetRole", "ListRoleAliases"])
def test_no_plan_is_made_of_role_aliases_that_cannot_be_read(aws: LocalAws, alarm: Alarm, missing: str) -> None:
    """An outage is not taken for an account without role aliases: a person gets it, and nothing is changed."""
    before = aws.fleet.snapshot()
    service = "iam" if missing == "GetRole" else "iot"
    aws.faults.fail(service, missing, "ServiceUnavailable", times=1000)
    incident = answered(aws, alarm("camera-01"))
    assert incident.status is IncidentStatus.ESCALATED
    assert diff(before, aws.fleet.snapshot()) == []
