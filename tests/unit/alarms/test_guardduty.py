from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cordon.alarms import read_alarms
from cordon.errors import AlarmRejected
from cordon.model.alarm import Alarm, AlarmKind, Clue, ClueKind, Severity

from .conftest import RECEIVED_AT, Load, certificate_id, changed, role_id

SEEN = datetime(2026, 10, 20, 14, 15, 27, 331000, tzinfo=UTC)
DEVICE = role_id("DeviceRole")


def read(event: object) -> Alarm:
    """Read the one alarm of an event."""
    (alarm,) = read_alarms(json.dumps(event), received_at=RECEIVED_AT)
    return alarm


def refused(event: object) -> AlarmRejected:
    """Return why an event is refused."""
    with pytest.raises(AlarmRejected) as caught:
        read(event)
    return caught.value


def session(thing: str, role: str = "DeviceRole", *, acted: bool = True) -> Clue:
    """The clue of a session that is named after a thing's certificate."""
    return Clue(kind=ClueKind.CERTIFICATE_SESSION, value=certificate_id(thing), role_id=role_id(role), acted=acted)


@pytest.mark.parametrize(("case", "thing"), [("device-credentials", "camera-01"), ("drifted-data", "pump-02")])
def test_a_finding_is_an_alarm_without_a_thing_and_with_a_clue(load_finding: Load, case: str, thing: str) -> None:
    """GuardDuty names no thing; the session's name leads to one."""
    event = load_finding(case)
    alarm = read(event)
    detail = event["detail"]
    assert (alarm.id, alarm.source, alarm.kind, alarm.playbook) == (
        event["id"],
        "guardduty",
        AlarmKind.IN_ALARM,
        "contain_thing",
    )
    assert (alarm.finding_id, alarm.account, alarm.region) == (detail["arn"], detail["accountId"], detail["region"])
    assert (alarm.signal, alarm.thing_name, alarm.attribution) == (detail["type"], None, None)
    assert alarm.clues == [session(thing)]
    assert (alarm.raised_at, alarm.is_sample, alarm.disputed) == (SEEN, False, False)


def test_pascal_case_says_the_same_as_camel_case(load_finding: Load) -> None:
    """GetFindings and EventBridge spell the keys differently, and nothing else."""
    first, second = read(load_finding("device-credentials")), read(load_finding("device-credentials-pascal-case"))
    own = {"id", "finding_id", "clues"}
    assert first.model_dump(exclude=own) == second.model_dump(exclude=own)
    assert second.clues == [session("camera-02")]


@pytest.mark.parametrize(
    ("number", "severity"),
    [
        (1, Severity.LOW),
        (3.9, Severity.LOW),
        (4, Severity.MEDIUM),
        ("6.9", Severity.MEDIUM),
        (7.0, Severity.HIGH),
        (8.9, Severity.HIGH),
        ("9", Severity.CRITICAL),
        (10, Severity.CRITICAL),
    ],
)
def test_severity_has_four_steps(load_finding: Load, number: object, severity: Severity) -> None:
    """1.0 to 3.9 low, to 6.9 medium, to 8.9 high, to 10 critical; also where it came as text."""
    assert read(changed(load_finding("device-credentials"), "detail.severity", number)).severity is severity


@pytest.mark.parametrize("number", [0, 0.9, 10.1, 99, -5, "99", "high", "5,0", "1e1", True, [5], {"value": 5}, 10**400])
def test_a_severity_that_is_none_is_rejected(load_finding: Load, number: object) -> None:
    """A number that GuardDuty would not send is no ground to cut a device off."""
    assert refused(changed(load_finding("device-credentials"), "detail.severity", number)).field == "detail.severity"


@pytest.mark.parametrize(
    "moment",
    [
        "2026-10-20T14:15:27.331Z",
        "2026-10-20T16:15:27.331+02:00",
        SEEN.timestamp(),
        int(SEEN.timestamp() * 1000),
        str(int(SEEN.timestamp() * 1000)),
        f"{SEEN.timestamp():.3f}",
    ],
)
def test_a_time_is_read_in_every_form(load_finding: Load, moment: object) -> None:
    """ISO 8601 with its zone, epoch seconds, epoch milliseconds, and both as text."""
    assert read(changed(load_finding("device-credentials"), "detail.updatedAt", moment)).raised_at == SEEN


@pytest.mark.parametrize(
    "moment", ["2026-10-20T14:15:27", "yesterday", True, [], 1, "2001-01-01T00:00:00Z", "2126-01-01T00:00:00Z", 10**300]
)
def test_a_time_that_is_none_is_rejected(load_finding: Load, moment: object) -> None:
    """Without a zone it is a guess; before GuardDuty, or a day ahead of us, it is not its own."""
    assert refused(changed(load_finding("device-credentials"), "detail.updatedAt", moment)).field == "detail.updatedAt"


def test_without_an_update_the_last_event_counts(load_finding: Load) -> None:
    """`updatedAt` may be null; then what was seen last is when it was raised, within the same bounds."""
    event = changed(load_finding("device-credentials"), "detail.updatedAt", None)
    assert read(event).raised_at == datetime(2026, 10, 20, 14, 12, 43, tzinfo=UTC)
    late = (RECEIVED_AT + timedelta(days=2)).isoformat()
    assert refused(changed(event, "detail.service.eventLastSeen", late)).field == "detail.service.eventLastSeen"


@pytest.mark.parametrize(
    ("case", "field"),
    [
        ("severity-99", "detail.severity"),
        ("severity-missing", "detail.severity"),
        ("arn-missing", "detail.arn"),
        ("arn-of-another-account", "detail.arn"),
        ("arn-of-another-region", "detail.arn"),
        ("from-2126", "detail.updatedAt"),
        ("no-time", "detail.updatedAt"),
        ("principal-as-number", "detail.resource.accessKeyDetails.principalId"),
        ("severity-in-two-spellings", "detail"),
        ("nulls-everywhere", "detail.accountId"),
        ("detail-list", "detail"),
    ],
)
def test_a_finding_that_cannot_be_read_is_rejected_with_its_field(load_finding: Load, case: str, field: str) -> None:
    """The field's path, what was found and what was expected."""
    reason = refused(load_finding(case))
    assert reason.field == field
    assert reason.found
    assert reason.expected


@pytest.mark.parametrize(
    "principal",
    [
        f"{DEVICE}:{'a' * 63}",
        f"{DEVICE}:{'A' * 64}",
        f"{DEVICE}:{'a' * 64}\n",
        f"{DEVICE}:{'a' * 65}",
        f"{DEVICE}:somebody",
        "a" * 64,
        f"role:{'a' * 64}",
        "AIDAIOSFODNN7EXAMPLE",
        "",
        None,
    ],
)
def test_a_principal_of_another_form_is_no_clue(load_finding: Load, principal: str | None) -> None:
    """Nothing but 64 lower hex digits behind a role's id ever gets near a call."""
    event = changed(load_finding("device-credentials"), "detail.resource.accessKeyDetails.principalId", principal)
    assert read(event).clues == []


@pytest.mark.parametrize("user_type", ["IAMUser", "Root", "assumedrole", None])
def test_only_a_role_session_is_a_clue(load_finding: Load, user_type: str | None) -> None:
    """A user or a federated person has no certificate."""
    event = changed(load_finding("device-credentials"), "detail.resource.accessKeyDetails.userType", user_type)
    assert read(event).clues == []


def test_a_runtime_finding_with_an_empty_action_is_about_its_instance(load_finding: Load) -> None:
    """`action: {}` is no reason to refuse it."""
    alarm = read(load_finding("runtime-empty-action"))
    assert alarm.clues == [Clue(kind=ClueKind.EC2_INSTANCE, value="i-0c0ffee0c0ffee001", acted=True)]
    assert "action_type" not in alarm.details


@pytest.mark.parametrize("instance", ["i-1", "i-0c0ffee0c0ffee00", "i-0C0FFEE0C0FFEE001", "mi-0c0ffee0c0ffee001", "*"])
def test_an_instance_of_another_form_is_no_clue(load_finding: Load, instance: str) -> None:
    """8 or 17 hex digits, as EC2 gives them."""
    event = changed(load_finding("runtime-empty-action"), "detail.resource.instanceDetails.instanceId", instance)
    assert read(event).clues == []


def test_a_sequence_gives_the_clues_of_its_actors_and_resources_once_each(load_finding: Load) -> None:
    """The actor and a resource name the same session here; an id that alone names a session counts too."""
    event = load_finding("attack-sequence-two-things")
    assert read(event).clues == [session("pump-04"), session("mixer-01")]
    sequence = event["detail"]["service"]["detection"]["sequence"]
    del sequence["resources"], sequence["actors"][1]
    sequence["actors"][0]["user"]["uid"] = DEVICE
    assert read(event).clues == [session("pump-04")]


@pytest.mark.parametrize("foreign", [{"accountId": "210987654321"}, {"region": "us-east-1"}])
def test_what_belongs_elsewhere_is_no_clue(load_finding: Load, foreign: dict[str, str]) -> None:
    """A sequence may span accounts and Regions; a thing of ours is in one."""
    event = load_finding("attack-sequence-two-things")
    sequence = event["detail"]["service"]["detection"]["sequence"]
    for actor in sequence["actors"]:
        actor["user"]["account"]["uid"] = "210987654321"
    for resource in sequence["resources"]:
        resource.update(foreign)
    instance = {
        "uid": "arn:aws:ec2:us-east-1:123456789012:instance/i-0c0ffee0c0ffee001",
        "resourceType": "EC2_INSTANCE",
    }
    sequence["resources"].append(instance)
    assert read(event).clues == []
    instance["uid"] = instance["uid"].replace("us-east-1", "eu-west-1")
    assert [clue.value for clue in read(event).clues] == ["i-0c0ffee0c0ffee001"]


def test_no_more_than_twenty_clues_are_kept(load_finding: Load) -> None:
    """Each is looked up with several calls; how many there were more is said."""
    event = load_finding("attack-sequence-two-things")
    actors = event["detail"]["service"]["detection"]["sequence"]["actors"]
    for number in range(30):
        user: dict[str, Any] = {"type": "AssumedRole", "uid": f"{DEVICE}:{number:064x}"}
        actors.append({"id": f"actor-{number}", "user": user})
    alarm = read(event)
    assert (len(alarm.clues), alarm.details["clues_left_out"]) == (20, 12)


@pytest.mark.parametrize("case", ["sample", "sample-within-text"])
def test_a_sample_is_called_one(load_finding: Load, case: str) -> None:
    """As a member of `additionalInfo`, true or "true", or within the text that GetFindings has there."""
    event = load_finding(case)
    assert read(event).is_sample is True
    assert read(changed(event, "detail.service.additionalInfo.sample", "true")).is_sample is True
    assert read(changed(event, "detail.service.additionalInfo.sample", "False")).is_sample is False


def test_an_archived_finding_is_no_alarm_any_more(load_finding: Load) -> None:
    """It is over for its detector; "false" as text is not archived."""
    event = load_finding("archived")
    alarm = read(event)
    assert (alarm.kind, alarm.details["archived"]) == (AlarmKind.ALARM_CLEARED, True)
    assert "archived" in alarm.summary
    assert read(changed(event, "detail.service.archived", "false")).kind is AlarmKind.IN_ALARM


def test_feedback_that_it_was_not_useful_disputes_it(load_finding: Load) -> None:
    """A person has judged this very finding."""
    event = load_finding("device-credentials")
    assert read(changed(event, "detail.service.userFeedback", "NOT_USEFUL")).disputed is True
    assert read(changed(event, "detail.service.userFeedback", "USEFUL")).disputed is False


def test_a_member_is_named_by_the_finding_and_not_by_the_bus(load_finding: Load) -> None:
    """The administrator's bus carries it, and its own account stands in the finding."""
    alarm = read(load_finding("member-account"))
    assert (alarm.account, alarm.details["sent_by"]) == ("210987654321", "123456789012")


def test_what_is_kept_of_a_finding_of_one_megabyte_is_small(load_finding: Load) -> None:
    """A row of the table must hold it; the whole is in the evidence."""
    event = load_finding("nearly-one-megabyte")
    assert len(json.dumps(event)) > 950_000
    assert len(read(event).model_dump_json()) < 3_000


def test_a_summary_is_inert(load_finding: Load) -> None:
    """Markup, links and bidirectional overrides in the title reach nobody as such."""
    summary = read(load_finding("markup-in-title")).summary
    assert summary.count("\n") == 0
    assert not any(mark in summary for mark in ("<b>", "https:", "\u202e", "[here]("))


def test_the_second_spelling_of_a_key_is_a_trap_only_where_it_is_read(load_finding: Load) -> None:
    """Two readers could see two severities; a key that nobody reads may be there in both."""
    event = load_finding("device-credentials")
    event["detail"]["Schema"], event["detail"]["schema"] = 1, 2
    assert read(event).severity is Severity.MEDIUM
    assert "severity" in refused(changed(event, "detail.Severity", 5)).expected
