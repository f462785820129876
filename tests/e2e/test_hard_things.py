"""Things that are not cut off by their own certificates alone: what is done, and what never is, to them and others."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import pytest
from cordon.model.incident import Containment, IncidentStatus, Mode
from cordon.model.response_policy import PlaybookPolicy

from playtest.fleet import FieldDiff, Snapshot, diff
from playtest.fleet.sessions import Session
from playtest.local_aws import LocalAws
from playtest.run.demo_policy import demo_policy
from playtest.run.record import Record
from tests.e2e.answers import Alarm, Up, answered, approve, let_time_out, pages, reject, tickets_of

SHARING, BYSTANDER, VALVE = "filler-01", "filler-02", "valve-controller-01"
COMMANDS = "cmd/valve-controller-01/#"
QUARANTINE = "cordon-quarantine"
WIDE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}


@pytest.fixture(params=["no", "yes"], ids=["unrecorded", "recorded"])
def watched(request: pytest.FixtureRequest) -> Iterator[LocalAws]:
    """A local AWS without and with the rules that record connections."""
    with LocalAws(parameters={"RecordConnections": request.param}, policy=demo_policy()) as aws:
        yield aws


@contextlib.contextmanager
def publishes(aws: LocalAws, client_id: str) -> Iterator[list[str]]:
    """The topics to which a client published meanwhile, without those that the broker denied it."""
    broker, published = aws.fleet.broker, []
    publish = broker.publish

    def watch(who: str, topic: str) -> None:
        publish(who, topic)
        published.extend([topic] if who == client_id else [])

    broker.publish = watch  # type: ignore[method-assign,assignment] # the broker of this one test
    try:
        yield published
    finally:
        broker.publish = publish  # type: ignore[method-assign] # as above


def session(aws: LocalAws, client_id: str) -> Session:
    """The session of a client."""
    found = aws.fleet.broker.sessions.get(client_id)
    assert found is not None
    return found


def changed(before: Snapshot, after: Snapshot) -> dict[str, list[FieldDiff]]:
    """What is not as it was in the registry, by resource."""
    found: dict[str, list[FieldDiff]] = {}
    for one in diff(before, after, sessions=False):
        found.setdefault(one.resource, []).append(one)
    return found


def described(aws: LocalAws, incident_id: str) -> str:
    """What the ticket tells a person."""
    (ticket,) = tickets_of(aws, incident_id)
    text: str = Record(aws).ops_item(ticket)["Description"]
    return text


def denied_connects(fleet: Snapshot, incident_id: str) -> list[str]:
    """The client ids that an incident's policy keeps from connecting."""
    document = json.loads(fleet.registry[f"policy/cordon-deny-{incident_id}"]["document"])
    assert [(one["Effect"], one["Action"]) for one in document["Statement"]] == [("Deny", "iot:Connect")]
    return [arn.partition(":client/")[2] for arn in document["Statement"][0]["Resource"]]


def test_the_other_thing_on_a_shared_certificate_keeps_publishing_throughout(watched: LocalAws, alarm: Alarm) -> None:
    """The thing is kept out by its client id, whatever comes of the certificate it shares; always partial, and why."""
    aws = watched
    certificate = aws.fleet.certificate_id(SHARING)
    before, its_session = aws.fleet.snapshot(), session(aws, BYSTANDER)
    with publishes(aws, BYSTANDER) as published:
        aws.clock.advance(60)
        assert published
        incident = answered(aws, alarm(SHARING))
        during = len(published)
        assert during > 5
        aws.clock.advance(600)
        assert len(published) > during
    after = aws.fleet.snapshot()
    assert session(aws, BYSTANDER) == its_session, "one session, never dropped, all the time"
    assert [one for one in aws.fleet.broker.refusals if one.client_id == BYSTANDER] == []
    assert (incident.status, len(pages(aws))) == (IncidentStatus.PARTIAL, 1)
    assert changed(before, after).keys() == {
        f"certificate/{certificate}",
        f"group/{QUARANTINE}",
        f"policy/cordon-deny-{incident.id}",
        f"thing/{SHARING}",
    }
    assert after.registry[f"certificate/{certificate}"] == {
        "status": "ACTIVE",
        "policies": [f"cordon-deny-{incident.id}", "plant-filler"],
    }
    assert denied_connects(after, incident.id) == [SHARING]
    assert not session(aws, SHARING).connected
    assert "whoever has its key can choose another client id" in described(aws, incident.id)


def test_a_shared_certificate_waits_for_a_person_unless_the_policy_says_otherwise(up: Up, alarm: Alarm) -> None:
    """A playbook's mode is not that of shared certificates; approved, the bystander still keeps its one session."""
    aws = up(playbooks={"contain_thing": PlaybookPolicy(mode=Mode.AUTOMATIC)})
    before, its_session = aws.fleet.snapshot(), session(aws, BYSTANDER)
    asked = answered(aws, alarm(SHARING))
    assert asked.status is IncidentStatus.AWAITING_APPROVAL
    assert diff(before, aws.fleet.snapshot()) == []
    incident = approve(aws, asked)
    assert (incident.status, session(aws, BYSTANDER)) == (IncidentStatus.PARTIAL, its_session)
    assert denied_connects(aws.fleet.snapshot(), incident.id) == [SHARING]


@pytest.mark.parametrize("client_id", [BYSTANDER, "filler-*", "filler-?"])
def test_an_intruder_with_the_shared_key_changes_nothing_for_the_other_thing(
    watched: LocalAws, alarm: Alarm, client_id: str
) -> None:
    """He connects as the bystander, or as a pattern of it: neither is denied, dropped or shut out."""
    aws = watched
    certificate = aws.fleet.broker.registry.certificate_arn(aws.fleet.certificate_id(SHARING))
    aws.fleet.broker.connect(client_id, certificate)
    its_sessions = session(aws, BYSTANDER), session(aws, client_id)
    incident = answered(aws, alarm(SHARING))
    assert incident.status is IncidentStatus.PARTIAL
    assert denied_connects(aws.fleet.snapshot(), incident.id) == [SHARING]
    assert (session(aws, BYSTANDER), session(aws, client_id)) == its_sessions
    dropped = {call.params["clientId"] for call in aws.calls.of(operation="DeleteConnection")}
    assert dropped == {SHARING}


def widen(aws: LocalAws, thing: str) -> str:
    """Let a thing's certificate connect as whoever it likes, and return its ARN."""
    arn = aws.fleet.broker.registry.certificate_arn(aws.fleet.certificate_id(thing))
    aws.client("iot").create_policy(policyName="wide", policyDocument=json.dumps(WIDE))
    aws.client("iot").attach_policy(policyName="wide", target=arn)
    aws.clock.advance(600)
    return arn


def test_an_intruder_who_connected_as_another_thing_harms_neither_its_session_nor_its_rights(
    watched: LocalAws, alarm: Alarm
) -> None:
    """The thing whose key he has is contained; the one that he posed as is left alone, and named where he is known."""
    aws = watched
    victim = "pump-02"
    before = aws.fleet.snapshot().registry[f"certificate/{aws.fleet.certificate_id(victim)}"]
    aws.fleet.broker.connect(victim, widen(aws, "pump-01"))
    is_recorded = bool(aws.stack.of_type("AWS::IoT::TopicRule"))
    incident = answered(aws, alarm("pump-01"))
    assert incident.status is (IncidentStatus.PARTIAL if is_recorded else IncidentStatus.CONTAINED)
    assert [leg.resource for leg in incident.legs if not leg.proven] == (
        [f"connection/{victim}"] if is_recorded else []
    )
    after = aws.fleet.snapshot()
    assert after.registry[f"certificate/{aws.fleet.certificate_id(victim)}"] == before
    assert "pump-02" not in after.registry[f"group/{QUARANTINE}"]["members"]
    dropped = {call.params["clientId"] for call in aws.calls.of(operation="DeleteConnection")}
    assert dropped == {"pump-01"}
    assert session(aws, victim).connected, "back by itself, once the certificate of the one who posed as it is shut"
    assert aws.fleet.certificate_id(victim) in session(aws, victim).principal
    assert victim not in after.registry[f"policy/cordon-quarantine-{incident.id}"]["document"]


@pytest.mark.parametrize("client_id", ["*", "x*", "pump-0?"])
def test_a_recorded_client_id_that_would_be_a_pattern_goes_to_a_person(alarm: Alarm, client_id: str) -> None:
    """`*` in a policy would be everybody: a person is asked; approved, all but that id is cut off, and it is named."""
    with LocalAws(parameters={"RecordConnections": "yes"}, policy=demo_policy()) as aws:
        aws.fleet.broker.connect(client_id, widen(aws, "pump-01"))
        before = aws.fleet.snapshot()
        others = {name: session(aws, name) for name in ("pump-02", BYSTANDER, VALVE)}
        asked = answered(aws, alarm("pump-01"))
        assert asked.status is IncidentStatus.AWAITING_APPROVAL
        assert asked.reasons == [
            f"client id '{client_id}' would be a pattern in a policy, and is left alone: it stays open"
        ]
        assert diff(before, aws.fleet.snapshot()) == []
        incident = approve(aws, asked)
        assert incident.status is IncidentStatus.PARTIAL
        assert [leg.resource for leg in incident.legs if not leg.proven] == [f"connection/{client_id}"]
        after = aws.fleet.snapshot()
        certificate = after.registry[f"certificate/{aws.fleet.certificate_id('pump-01')}"]
        quarantine = f"cordon-quarantine-{incident.id}"
        assert certificate == {"status": "INACTIVE", "policies": [quarantine]}
        assert not session(aws, "pump-01").connected
        written = json.loads(after.registry[f"policy/{quarantine}"]["document"])
        connect = next(one for one in written["Statement"] if one["Action"] == "iot:Connect")
        named = [connect["Resource"]] if isinstance(connect["Resource"], str) else connect["Resource"]
        assert [arn.partition(":client/")[2] for arn in named] == ["pump-01"]
        dropped = {call.params["clientId"] for call in aws.calls.of(operation="DeleteConnection")}
        assert dropped == {"pump-01"}
        assert {name: session(aws, name) for name in others} == others
        assert "would be a pattern in a policy" in described(aws, incident.id)


def test_a_thing_is_cut_off_under_every_client_id_that_was_recorded_of_it(alarm: Alarm) -> None:
    """AWS tells of one client id only; with the rules the others are dropped and proven gone too."""
    with LocalAws(parameters={"RecordConnections": "yes"}, policy=demo_policy()) as aws:
        arn = widen(aws, "pump-04")
        for client_id in ("pump-04-debug", "pump-04-update"):
            aws.fleet.broker.connect(client_id, arn)
        incident = answered(aws, alarm("pump-04", "in-alarm.several-client-ids-contained"))
        assert incident.status is IncidentStatus.CONTAINED
        for client_id in ("pump-04", "pump-04-debug", "pump-04-update"):
            assert not session(aws, client_id).connected
        assert {leg.resource for leg in incident.legs} == {
            "connection/pump-04",
            "connection/pump-04-debug",
            "connection/pump-04-update",
        }
        assert aws.undelivered == []


def test_without_a_decision_nothing_changes_for_a_safety_critical_thing(aws: LocalAws, alarm: Alarm) -> None:
    """It waits before a person, then runs out: the plan is shown, and the whole fleet is as it was."""
    before, its_session = aws.fleet.snapshot(), session(aws, VALVE)
    incident = answered(aws, alarm(VALVE))
    assert (incident.status, incident.containment) == (IncidentStatus.AWAITING_APPROVAL, Containment.RESTRICT)
    assert diff(before, aws.fleet.snapshot()) == []
    assert let_time_out(aws, incident).status is IncidentStatus.ESCALATED
    assert diff(before, aws.fleet.snapshot()) == []
    assert session(aws, VALVE) == its_session


def test_a_rejected_plan_leaves_a_safety_critical_thing_as_it_is(aws: LocalAws, alarm: Alarm) -> None:
    """Stood down, and nothing is changed."""
    before = aws.fleet.snapshot()
    incident = reject(aws, answered(aws, alarm(VALVE)))
    assert incident.status is IncidentStatus.STOOD_DOWN
    assert diff(before, aws.fleet.snapshot()) == []


def test_an_approved_safety_critical_thing_is_denied_the_listed_topics_and_stays_connected(
    aws: LocalAws, alarm: Alarm
) -> None:
    """Only those; nobody drops its session, it goes on publishing, and the ticket says that it is still connected."""
    before, its_session = aws.fleet.snapshot(), session(aws, VALVE)
    certificate = aws.fleet.certificate_id(VALVE)
    arn = aws.fleet.broker.registry.certificate_arn(certificate)
    with publishes(aws, VALVE) as published:
        incident = approve(aws, answered(aws, alarm(VALVE)))
        assert len(published) >= 5
    assert incident.status is IncidentStatus.PARTIAL
    assert session(aws, VALVE) == its_session
    assert aws.calls.of(operation="DeleteConnection") == []
    after = aws.fleet.snapshot()
    assert changed(before, after).keys() == {f"certificate/{certificate}", f"policy/cordon-deny-{incident.id}"}
    assert after.registry[f"certificate/{certificate}"] == {
        "status": "ACTIVE",
        "policies": sorted([*before.registry[f"certificate/{certificate}"]["policies"], f"cordon-deny-{incident.id}"]),
    }
    document = json.loads(after.registry[f"policy/cordon-deny-{incident.id}"]["document"])
    assert {one["Effect"] for one in document["Statement"]} == {"Deny"}
    assert {arn.partition("/")[2] for one in document["Statement"] for arn in one["Resource"]} == {
        COMMANDS.removesuffix("/#"),
        COMMANDS.replace("#", "*"),
    }
    assert aws.fleet.broker.allows(VALVE, arn, "iot:Publish", f"topic/dt/{VALVE}/telemetry")
    assert "it stays connected" in described(aws, incident.id)


def test_a_safety_critical_thing_without_listed_topics_goes_to_a_person(up: Up, alarm: Alarm) -> None:
    """There is nothing to approve: no plan takes more from it than the policy lists."""
    aws = up(restrict_topics=[])
    before = aws.fleet.snapshot()
    incident = answered(aws, alarm(VALVE))
    assert incident.status is IncidentStatus.ESCALATED
    assert "the response policy lists no topics that it could be denied" in incident.reasons
    assert diff(before, aws.fleet.snapshot()) == []


@pytest.mark.parametrize(
    ("thing", "legs"),
    [
        ("tablet-01", {"certificate/none", "principal", "connection/tablet-01"}),
        ("spare-01", {"certificate/none", "principal/unknown"}),
    ],
)
def test_a_thing_without_a_certificate_is_never_contained_and_each_leg_is_named(
    aws: LocalAws, alarm: Alarm, thing: str, legs: set[str]
) -> None:
    """A person is asked; approved, its session is dropped as often as it comes and it is put where people look."""
    before = aws.fleet.snapshot()
    asked = answered(aws, alarm(thing))
    assert asked.status is IncidentStatus.AWAITING_APPROVAL
    assert diff(before, aws.fleet.snapshot()) == []
    incident = approve(aws, asked)
    assert incident.status is IncidentStatus.PARTIAL
    unproven = {leg.resource for leg in incident.legs if not leg.proven}
    assert {one if one in legs else one.partition("/")[0] for one in unproven} == legs
    assert changed(before, aws.fleet.snapshot()).keys() == {f"group/{QUARANTINE}", f"thing/{thing}"}
