from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cordon import clock
from cordon.incidents import rows
from cordon.model.incident import Decision, IncidentStatus
from cordon.model.response_policy import BudgetRule
from cordon.response.policy_store import OBJECT

from playtest.local_aws import LocalAws
from playtest.run.demo_policy import demo_policy
from playtest.run.record import Record
from tests.e2e.answers import Alarm, Up, pages
from tests.e2e.storms import A_DAY, Aftermath, outbreak_from, raise_storm, untouched, updates_of_certificates


@pytest.mark.parametrize("twice", [False, True], ids=["once", "every handler twice"])
def test_the_budget_holds_and_the_rest_is_one_outbreak(up: Up, alarm: Alarm, twice: bool) -> None:
    """Twenty things alarm at once against a budget of two: two are contained, the others are before people."""
    aws = up(things=2, window_minutes=A_DAY, outbreaks=outbreak_from(4))
    aws.faults.every_answer_is_lost_once = twice
    names = raise_storm(aws, alarm, 20)
    aws.settle()
    after = Aftermath.of(aws)
    contained = after.contained()
    assert len(contained) == 2
    assert untouched(aws, names, contained)
    assert len(set(updates_of_certificates(aws))) == 2
    assert len(aws.calls.of("DeactivateCertificatesFunction", "dynamodb", "UpdateItem")) == 2  # each at its own moment
    told = after.before_people()
    assert told.total() == 18
    assert told[Decision.OUTBREAK] >= 16  # at most three were assessed before the fourth, and the budget was for two
    assert after.attached() == 20
    assert after.sightings() == 20
    (outbreak,) = after.outbreaks
    assert outbreak.status is IncidentStatus.ESCALATED
    assert pages(aws).count(f"Cordon: an outbreak, incident {outbreak.id}") == 1
    assert len([page for page in pages(aws) if "needs a person" in page]) == told[Decision.ESCALATE]


def test_the_outbreak_has_one_ticket_that_names_its_incidents(up: Up, alarm: Alarm) -> None:
    """How many, which, and what they have in common; written anew for those that came after it."""
    aws = up(things=0, window_minutes=A_DAY, outbreaks=outbreak_from(2))
    raise_storm(aws, alarm, 5)
    aws.settle()
    (outbreak,) = Aftermath.of(aws).outbreaks
    aws.clock.advance(600)
    swept = aws.invoke("SweepFunction", {})
    assert swept.error is None
    record = Record(aws)
    (row,) = record.of_incident(outbreak.id, rows.TICKET)
    assert "due_at" not in row
    assert [one.sightings for one in Aftermath.of(aws).outbreaks] == [5]
    ticket = record.ops_item(row["ticket_id"])
    assert ticket["Title"] == "Cordon: an outbreak of 5 incidents needs a person"
    assert "2 or more things within 1440 minutes have the same behavior" in ticket["Description"]
    assert ticket["Description"].count("\n- storm-") == 5
    listed = ticket["OperationalData"]["cordon-attached"]["Value"].splitlines()
    assert listed == [f"- {one.thing}: {one.id}" for one in sorted(Aftermath.of(aws).incidents, key=lambda one: one.id)]


def test_an_incident_that_ends_with_its_outbreak_still_has_its_unexpected_ends_caught(up: Up, alarm: Alarm) -> None:
    """An execution that is aborted before it could record is paged for by itself."""
    aws = up(things=0, outbreaks=outbreak_from(2))
    raise_storm(aws, alarm, 2)
    aws.settle()
    before = pages(aws)
    aws.fleet.add_thing("late-01")
    aws.faults.abort_in("AttachToOutbreak")
    aws.publish_alarm(alarm("late-01"))
    aws.settle()
    (late,) = [one for one in Aftermath.of(aws).incidents if one.thing_name == "late-01"]
    assert (late.status, late.decision) == (IncidentStatus.ESCALATED, Decision.OUTBREAK)
    assert pages(aws)[len(before) :] == ["Cordon: late-01 needs a person"]


def test_sightings_of_an_outbreak_page_for_it_once_in_a_while(up: Up, alarm: Alarm) -> None:
    """Not once for each of its things."""
    aws = up(things=0, outbreaks=outbreak_from(2))
    names = raise_storm(aws, alarm, 6)
    aws.settle()
    attached = [one.thing for one in Aftermath.of(aws).incidents if one.decision is Decision.OUTBREAK]
    before = pages(aws)
    assert set(attached) <= set(names)
    for minutes, more in ((1, 0), (16, 1), (1, 1)):
        aws.clock.advance(60 * minutes)
        for name in attached:
            aws.publish_alarm(alarm(name, violationId=f"{name}-{minutes}-{more}"))
        aws.settle()
        assert len(pages(aws)) == len(before) + more


def test_five_hundred_alarms_are_ten_incidents_and_none_is_lost(up: Up, alarm: Alarm) -> None:
    """Ten things, fifty alarms each, at once: each is counted with its thing's incident, and kept as evidence."""
    aws = up(things=3, window_minutes=A_DAY, outbreaks=outbreak_from(5))
    raise_storm(aws, alarm, 10, repeats=50)
    aws.settle()
    after = Aftermath.of(aws)
    assert (len(after.incidents), after.sightings(), after.attached()) == (10, 500, 10)
    assert len(after.contained()) == 3
    assert after.before_people().total() == 7
    kept = aws.client("s3").get_paginator("list_objects_v2")
    bucket = aws.stack.resource("EvidenceBucket")
    assert sum(len(page["Contents"]) for page in kept.paginate(Bucket=bucket, Prefix="alarms/")) == 500
    assert aws.undelivered == []


def test_a_budget_in_percent_is_of_the_fleet_that_there_is(up: Up, alarm: Alarm) -> None:
    """A tenth of the demo plant and of five things more, which is fewer than the nine that it may be at most."""
    tenth = BudgetRule(scope="fleet", things=9, percent=10, window_minutes=A_DAY)
    aws = up(budgets=[tenth], outbreaks=outbreak_from(3))
    raise_storm(aws, alarm, 5)
    aws.settle()
    fleet = sum(len(page["things"]) for page in aws.client("iot").get_paginator("list_things").paginate())
    assert 0 < len(Aftermath.of(aws).contained()) == fleet // 10 < 5


def _no_policy(aws: LocalAws) -> None:
    aws.client("dynamodb").delete_item(
        TableName=aws.stack.resource("IncidentsTable"), Key={"pk": {"S": "POLICY"}, "sk": {"S": "HEAD"}}
    )


def _policy_altered(aws: LocalAws) -> None:
    wider = demo_policy(things=1000).canonical.encode()
    bucket = aws.stack.resource("PolicyBucket")
    version = aws.client("s3").put_object(Bucket=bucket, Key=OBJECT, Body=wider)["VersionId"]
    aws.client("dynamodb").update_item(
        TableName=aws.stack.resource("IncidentsTable"),
        Key={"pk": {"S": "POLICY"}, "sk": {"S": "HEAD"}},
        UpdateExpression="SET version_id = :version",
        ExpressionAttributeValues={":version": {"S": version}},
    )


def _policy_unreadable(aws: LocalAws) -> None:
    aws.faults.fail("s3", "GetObject", "AccessDenied", times=1000)


def _table_unreadable(aws: LocalAws) -> None:
    aws.faults.fail("dynamodb", "GetItem", "InternalServerError", times=1000, function="AssessIncidentFunction")


def _table_unwritable(aws: LocalAws) -> None:
    for operation in ("TransactWriteItems", "PutItem", "UpdateItem"):
        aws.faults.fail("dynamodb", operation, "InternalServerError", times=1000, function="AssessIncidentFunction")


def _budget_unreadable(aws: LocalAws) -> None:
    aws.client("dynamodb").put_item(
        TableName=aws.stack.resource("IncidentsTable"),
        Item={"pk": {"S": "BUDGET#fleet"}, "sk": {"S": "RESERVATIONS"}, "reservations": {"S": "none"}},
    )


def _clock_fast(aws: LocalAws) -> None:
    clock.use(lambda: aws.clock.now() + timedelta(hours=2), aws.clock.advance)


def _clock_slow(aws: LocalAws) -> None:
    clock.use(lambda: aws.clock.now() - timedelta(minutes=5), aws.clock.advance)


@pytest.mark.parametrize(
    "trouble",
    [
        _no_policy,
        _policy_altered,
        _policy_unreadable,
        _table_unreadable,
        _table_unwritable,
        _budget_unreadable,
        _clock_fast,
        _clock_slow,
    ],
)
def test_where_anything_cannot_be_trusted_nothing_is_contained(up: Up, alarm: Alarm, trouble: Any) -> None:
    """Two things alarm at once, with room for both of them: each is before a person, and none was changed."""
    aws = up(outbreaks=outbreak_from(100))
    trouble(aws)
    aws.clock.advance(60)  # whatever is kept of the policy for a while is read anew
    names = raise_storm(aws, alarm, 2)
    aws.settle()
    after = Aftermath.of(aws)
    assert after.contained() == set()
    assert len(after.incidents) == 2
    assert {one.status for one in after.incidents} <= {IncidentStatus.ESCALATED, IncidentStatus.AWAITING_APPROVAL}
    assert untouched(aws, names, set())
    assert list(updates_of_certificates(aws)) == []


def test_a_table_that_is_down_leaves_the_alarms_where_people_look(up: Up, alarm: Alarm) -> None:
    """Nothing is opened and nothing changed: the alarms wait in the dead letters, whose alarm rings."""
    aws = up()
    for operation in ("GetItem", "TransactWriteItems", "Query"):
        aws.faults.fail("dynamodb", operation, "InternalServerError", times=10_000)
    names = raise_storm(aws, alarm, 3)
    aws.settle()
    aws.faults.clear()
    assert Record(aws).incidents() == []
    assert untouched(aws, names, set())
    url = aws.stack.resource("AlarmDeadLetterQueue")
    waiting = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert len(waiting) == 3
