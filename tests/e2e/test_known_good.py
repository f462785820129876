"""What a thing of a type is when it is well: captured, signed, and held against things, through the desk."""

from __future__ import annotations

import hashlib
import json

import pytest
from cordon.model.incident import IncidentStatus, Mode
from cordon.model.known_good import KnownGood

from playtest.fleet import diff
from playtest.fleet.demo_software import artefact_sha256
from playtest.local_aws import LocalAws
from playtest.local_aws.function_urls import BOB
from tests.e2e.answers import Alarm, Up, answer, the_incident
from tests.e2e.firmware import shadow
from tests.e2e.known_good import OBJECT, ask, captured, checked, drift, kept, refused, with_firmware

PUMPS, CURRENT = "pump-firmware", "2.4.1"


@pytest.fixture
def aws(up: Up) -> LocalAws:
    """A local AWS that contains what alarms."""
    return up()


def test_a_known_good_is_captured_signed_and_held_against_things(aws: LocalAws) -> None:
    """From a healthy pump to the drift of another; no device and no certificate is changed by any of it."""
    before = aws.fleet.snapshot()
    definition = captured(aws)
    firmware = {"package": PUMPS, "version": CURRENT, "floor": None, "sha256": artefact_sha256(PUMPS, CURRENT)}
    assert (definition["thing_type"], definition["firmware"]) == ("pump", firmware)
    assert checked(aws, "pump-01")["trouble"] == "no known-good was ever signed for things of type pump"
    general = definition | {"groups": ["plant"]}
    signed = ask(aws, "/known-good", {"definition": general})
    assert (signed["thing_type"], signed["hash"]) == ("pump", KnownGood.model_validate(general).hash)
    shown = ask(aws, "/known-good/pump", method="GET", who=BOB)
    assert (shown["definition"], shown["trouble"]) == (general, None)
    assert shown["known_good"] == {name: value for name, value in signed.items() if name != "thing_type"}
    for pump in ("pump-01", "pump-02", "pump-03", "pump-04"):
        assert (checked(aws, pump)["known_good"], drift(aws, pump)) == (shown["known_good"], {})
    assert diff(before, aws.fleet.snapshot()) == []


def test_who_signed_is_whom_aws_says(aws: LocalAws) -> None:
    """The identity of the signature stands in the row and in the object, with the moment."""
    signed = ask(aws, "/known-good", {"definition": captured(aws)}, who=BOB)
    body = aws.client("s3").get_object(Bucket=aws.stack.resource("PolicyBucket"), Key=OBJECT)["Body"].read()
    assert json.loads(body)["signed_by"] == signed["signed_by"] == BOB
    (row,) = [one for one in kept(aws)[0] if (one["pk"]["S"], one["sk"]["S"]) == ("KNOWN_GOOD#pump", "HEAD")]
    assert row["object_hash"]["S"] == hashlib.sha256(body).hexdigest()
    assert (row["signed_by"]["S"], row["version_id"]["S"]) == (signed["signed_by"], signed["version"])


def test_what_changes_about_a_thing_is_its_drift(aws: LocalAws) -> None:
    """Whatever of it changes, until it is as it was."""
    iot, arn = aws.client("iot"), aws.fleet.broker.registry.certificate_arn(aws.fleet.certificate_id("pump-01"))
    ask(aws, "/known-good", {"definition": captured(aws)})
    certificate = f"certificate/{aws.fleet.certificate_id('pump-01')[:8]}"
    iot.attach_policy(policyName="plant-video", target=arn)
    iot.remove_thing_from_thing_group(thingGroupName="line-1", thingName="pump-01")
    iot.update_thing(thingName="pump-01", attributePayload={"attributes": {"site": "hall-z"}})
    shadow(aws, "pump-01", "desired", {"speed": 2900, "shell": {"open": True}})
    shadow(aws, "pump-01", "reported", {PUMPS: {"version": "2.3.0"}}, "$package")
    assert drift(aws, "pump-01") == {
        "firmware/version": "2.3.0",
        f"{certificate}/policies": ["plant-device", "plant-video"],
        "groups": [],
        "shadow/desired/speed": 2900,
        "shadow/desired/shell/open": True,
        "attributes/site": "hall-z",
    }
    assert drift(aws, "pump-02") == {}
    iot.detach_policy(policyName="plant-video", target=arn)
    iot.add_thing_to_thing_group(thingGroupName="line-1", thingName="pump-01")
    iot.update_thing(thingName="pump-01", attributePayload={"attributes": {"site": "hall-a"}})
    shadow(aws, "pump-01", "desired", {"speed": 1450, "shell": None})
    shadow(aws, "pump-01", "reported", {PUMPS: {"version": CURRENT}}, "$package")
    assert drift(aws, "pump-01") == {}


def test_a_contained_thing_has_drifted_and_is_no_example(aws: LocalAws, alarm: Alarm) -> None:
    """Its certificate lets nobody in and it is in quarantine; what it is like now is captured by nobody."""
    definition = captured(aws)
    ask(aws, "/known-good", {"definition": definition})
    answer(aws, alarm("pump-01"))
    incident = the_incident(aws)
    assert incident.status is IncidentStatus.CONTAINED
    assert drift(aws, "pump-01") == {"certificate": ["INACTIVE"], "quarantine": "cordon-quarantine"}
    status, error, field, message = refused(aws, "/known-good/capture", {"thing_name": "pump-01"})
    assert (status, error, field) == (409, "NotHealthy", "thing_name")
    assert message == "pump-01 is in the quarantine group cordon-quarantine"
    assert captured(aws, "pump-02") == definition


def test_a_thing_that_an_incident_is_about_is_no_example(up: Up, alarm: Alarm) -> None:
    """Nothing is changed about it yet: a plan waits for people. What nobody may call well is named."""
    aws = up(Mode.APPROVE)
    answer(aws, alarm("pump-01"))
    status, error, _, message = refused(aws, "/known-good/capture", {"thing_name": "pump-01"})
    assert (status, error) == (409, "NotHealthy")
    assert message.startswith(f"the incident {the_incident(aws).id} (awaiting_approval) is about pump-01")


def test_an_observed_alarm_is_told_beside_the_capture(up: Up, alarm: Alarm) -> None:
    """Where Cordon only looks on, every alarm leaves an incident: whether the thing is well is a person's word."""
    aws = up(Mode.OBSERVE)
    answer(aws, alarm("pump-01"))
    said = ask(aws, "/known-good/capture", {"thing_name": "pump-01"})
    assert said["remarks"] == [f"the incident {the_incident(aws).id} is about it (observed): look at that first"]
    assert said["definition"]["firmware"]["version"] == CURRENT


def test_a_name_of_many_policies_is_left_to_each_things_check(aws: LocalAws) -> None:
    """Whether a policy exists whose name has the thing's in it is not asked when it is signed."""
    named = captured(aws) | {"policies": ["own-{thing}"]}
    ask(aws, "/known-good", {"definition": named})
    certificate = f"certificate/{aws.fleet.certificate_id('pump-02')[:8]}"
    (one,) = checked(aws, "pump-02")["drift"]
    assert (one["field"], one["expected"], one["found"]) == (
        f"{certificate}/policies",
        ["own-pump-02"],
        ["plant-device"],
    )


def test_an_older_version_is_not_signed(aws: LocalAws) -> None:
    """It is in the catalog and as it says; what is in force stays."""
    signed = ask(aws, "/known-good", {"definition": captured(aws)})
    before = kept(aws)
    older = with_firmware(captured(aws), version="2.4.0", sha256=artefact_sha256(PUMPS, "2.4.0"))
    status, error, field, _ = refused(aws, "/known-good", {"definition": older, "base": signed["hash"]})
    assert (status, error, field) == (409, "KnownGoodDowngrade", "definition.firmware.version")
    assert kept(aws) == before


def test_who_has_not_seen_what_is_in_force_does_not_sign_over_it(aws: LocalAws) -> None:
    """He is told to look again, and the one that is in force stays."""
    definition = captured(aws)
    ask(aws, "/known-good", {"definition": definition})
    before = kept(aws)
    status, error, _, _ = refused(aws, "/known-good", {"definition": definition | {"groups": ["plant"]}})
    assert (status, error) == (409, "StaleKnownGood")
    assert kept(aws) == before
    assert ask(aws, "/known-good", {"definition": definition}, who=BOB)["signed_by"].endswith("role/OnCall")
    assert kept(aws) == before
