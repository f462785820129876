"""The plant's firmware is in the catalog and in its bucket, and its devices say what they run and how they are set."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from playtest.fleet import DemoFleet, FieldDiff, demo_software, diff
from playtest.fleet.demo_software import DESIRED, FIRMWARE, SAYS, artefact_sha256
from playtest.fleet.demo_things import THINGS

FleetMaker = Callable[..., DemoFleet]
SILENT = "spare-01"
"""It was never connected, so nobody has said anything about it."""


@pytest.fixture
def fleet(fleet_of: FleetMaker) -> DemoFleet:
    """The whole fleet."""
    return fleet_of()


def shadow_of(fleet: DemoFleet, thing: str, name: str | None = None) -> Any:
    """The state of a shadow, through the data plane."""
    named = {"shadowName": name} if name else {}
    answer = fleet.aws.client("iot-data").get_thing_shadow(thingName=thing, **named)
    return json.loads(answer["payload"].read())["state"]


def tell(fleet: DemoFleet, thing: str, state: Any, name: str | None = None) -> None:
    """Update a shadow, through the data plane."""
    named = {"shadowName": name} if name else {}
    document = json.dumps({"state": state})
    fleet.aws.client("iot-data").update_thing_shadow(thingName=thing, payload=document, **named)


def test_every_type_of_thing_has_software() -> None:
    """Two or three versions in rising order, and a desired state; also the type of things that a scenario adds."""
    kinds = {spec.thing_type for spec in THINGS} | {"device"}
    assert FIRMWARE.keys() == DESIRED.keys() == kinds >= SAYS.keys()
    assert len({firmware.package for firmware in FIRMWARE.values()}) == len(FIRMWARE)
    for firmware in FIRMWARE.values():
        numbers = [tuple(map(int, version.split("."))) for version in firmware.versions]
        assert numbers == sorted(numbers)
        assert len(numbers) in (2, 3)


def test_every_version_is_published_and_its_artefact_is_there(fleet: DemoFleet) -> None:
    """The catalog names a version of an object; what lies there has the hash that catalog, S3 and we know."""
    s3 = fleet.aws.client("s3")
    for firmware in FIRMWARE.values():
        assert fleet.iot.get_package(packageName=firmware.package)["defaultVersionName"] == firmware.current
        listed = fleet.iot.list_package_versions(packageName=firmware.package, status="PUBLISHED")
        assert [each["versionName"] for each in listed["packageVersionSummaries"]] == list(firmware.versions)
        for version in firmware.versions:
            found = fleet.iot.get_package_version(packageName=firmware.package, versionName=version)
            place, digest = found["artifact"]["s3Location"], artefact_sha256(firmware.package, version)
            lies = s3.get_object(
                Bucket=place["bucket"], Key=place["key"], VersionId=place["version"], ChecksumMode="ENABLED"
            )
            assert base64.b64decode(lies["ChecksumSHA256"]).hex() == digest == found["attributes"]["sha256"]
            assert hashlib.sha256(lies["Body"].read()).hexdigest() == digest


def test_the_catalog_of_the_plant_is_one_that_calls_make(fleet: DemoFleet) -> None:
    """A version that goes through the API has the same members, and the plant's are as frozen as that one."""
    made = {"packageName": "pump-firmware", "versionName": "9.0.0"}
    place = {"s3Location": {"bucket": "b", "key": "k", "version": "v"}}
    fleet.iot.create_package_version(**made, attributes={"sha256": "0"}, artifact=place)
    fleet.iot.update_package_version(**made, action="PUBLISH")
    theirs = fleet.iot.get_package_version(**made)
    ours = fleet.iot.get_package_version(packageName="pump-firmware", versionName="2.4.1")
    assert ours.keys() == theirs.keys()
    assert ours["packageVersionArn"] == theirs["packageVersionArn"].replace("9.0.0", "2.4.1")
    with pytest.raises(ClientError, match="ConflictException"):
        fleet.iot.update_package_version(packageName="pump-firmware", versionName="2.4.1", artifact=place)
    with pytest.raises(ClientError, match="ConflictException"):
        fleet.iot.create_package(packageName="pump-firmware")


def test_artefacts_are_the_same_bytes_everywhere() -> None:
    """A known-good that was signed in one process holds in the next; no two versions share their bytes."""
    known = "96dee983f864e9290584277bca6f6be2b480528b236884f2a88fa02e90584f38"
    assert artefact_sha256("pump-firmware", "2.4.1") == known
    every = [demo_software.artefact(each.package, version) for each in FIRMWARE.values() for version in each.versions]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize("spec", [spec for spec in THINGS if spec.name != SILENT], ids=lambda spec: spec.name)
def test_a_device_does_as_it_is_told_and_says_what_it_runs(fleet: DemoFleet, spec: Any) -> None:
    """Its classic shadow has no delta, and the reserved one the version that its type runs."""
    state, firmware = shadow_of(fleet, spec.name), FIRMWARE[spec.thing_type]
    assert state == {
        "desired": DESIRED[spec.thing_type],
        "reported": {**DESIRED[spec.thing_type], **SAYS.get(spec.thing_type, {})},
    }
    assert shadow_of(fleet, spec.name, "$package") == {"reported": {firmware.package: {"version": firmware.current}}}


def test_a_thing_that_was_never_connected_has_no_shadow(fleet: DemoFleet) -> None:
    """Nobody has told it anything, and it has said nothing."""
    assert fleet.aws.client("iot-data").list_named_shadows_for_thing(thingName=SILENT)["results"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        shadow_of(fleet, SILENT)
    assert fleet.snapshot().registry[f"thing/{SILENT}"].keys() == {"attributes", "groups", "principals", "type"}


def test_a_thing_that_is_added_has_software_too(fleet: DemoFleet) -> None:
    """It runs what things of its type run."""
    fleet.add_thing("press-01")
    assert shadow_of(fleet, "press-01")["desired"] == DESIRED["device"]
    assert shadow_of(fleet, "press-01", "$package")["reported"] == {"device-firmware": {"version": "1.1.0"}}


def test_a_difference_of_a_shadow_is_seen_value_by_value(fleet: DemoFleet) -> None:
    """What is desired, reported and installed, in a shadow of any name; what stays the same is not told."""
    before = fleet.snapshot()
    tell(fleet, "pump-01", {"desired": {"limits": {"pressure": 9}, "a/b~c": [1]}, "reported": {"running": None}})
    tell(fleet, "pump-02", {"reported": {"pump-firmware": {"version": "2.3.0"}}}, "$package")
    tell(fleet, "pump-03", {"desired": {"x": {"y": "z"}}}, "config")
    assert diff(before, fleet.snapshot()) == [
        FieldDiff("thing/pump-01", "shadow/desired/a~1b~0c", None, [1]),
        FieldDiff("thing/pump-01", "shadow/desired/limits/pressure", 6.5, 9),
        FieldDiff("thing/pump-01", "shadow/reported/running", before=True, after=None),
        FieldDiff("thing/pump-02", "installed/pump-firmware/version", "2.4.1", "2.3.0"),
        FieldDiff("thing/pump-03", "shadow:config/desired/x/y", None, "z"),
    ]


def test_a_shadow_that_is_gone_differs(fleet: DemoFleet) -> None:
    """Each of its values is None then, and nothing else of the thing."""
    before = fleet.snapshot()
    fleet.aws.client("iot-data").delete_thing_shadow(thingName="tablet-01", shadowName="$package")
    assert diff(before, fleet.snapshot()) == [
        FieldDiff("thing/tablet-01", "installed/tablet-app/version", "7.1.0", None)
    ]
