"""The software package catalog: what each state of a version allows, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict

from playtest.local_aws.packages import ATTRIBUTE_BYTES

ARTIFACT = {"s3Location": {"bucket": "firmware", "key": "pump/1.0.0", "version": "v1"}}
FIRST = {"packageName": "pump-firmware", "versionName": "1.0.0"}


@pytest.fixture
def iot(plain_aws: Any) -> Any:
    """AWS IoT with one package that has one draft, 1.0.0."""
    client = plain_aws.client("iot")
    client.create_package(packageName="pump-firmware", description="of the pumps")
    client.create_package_version(**FIRST, attributes={"sha256": "ab"}, artifact=ARTIFACT, recipe="{}")
    return client


def refusal(call: Any, **arguments: Any) -> tuple[str, int]:
    """The code and the HTTP status of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


CONFLICT, INVALID, MISSING = (
    ("ConflictException", 409),
    ("ValidationException", 400),
    ("ResourceNotFoundException", 404),
)


def shown(iot: Any, **named: str) -> dict[str, Any]:
    """What GetPackageVersion says of a version, without dates and what belongs to the call."""
    answer = iot.get_package_version(**(FIRST | named))
    return {name: value for name, value in answer.items() if "Date" not in name and name != "ResponseMetadata"}


def move(iot: Any, *actions: str) -> None:
    """Take 1.0.0 through these actions."""
    for action in actions:
        iot.update_package_version(**FIRST, action=action)


def test_a_version_is_a_draft_that_says_what_it_was_given(iot: Any) -> None:
    """What was given comes back, with an ARN below the package's and the times of its making."""
    assert shown(iot) == FIRST | {
        "packageVersionArn": "arn:aws:iot:eu-central-1:123456789012:package/pump-firmware/version/1.0.0",
        "attributes": {"sha256": "ab"},
        "artifact": ARTIFACT,
        "recipe": "{}",
        "status": "DRAFT",
    }
    package = iot.get_package(packageName="pump-firmware")
    assert package["packageArn"] == "arn:aws:iot:eu-central-1:123456789012:package/pump-firmware"
    assert package["description"] == "of the pumps"
    assert "defaultVersionName" not in package
    assert package["creationDate"] <= iot.get_package_version(**FIRST)["creationDate"]


def test_a_draft_is_edited_and_then_published(iot: Any) -> None:
    """All of a draft may change, in the call that publishes it, too."""
    other = {"s3Location": {"bucket": "firmware", "key": "pump/1.0.0", "version": "v2"}}
    iot.update_package_version(**FIRST, attributes={"sha256": "cd"}, artifact=other, recipe="[]", action="PUBLISH")
    now = shown(iot)
    assert (now["attributes"], now["artifact"], now["recipe"]) == ({"sha256": "cd"}, other, "[]")
    assert now["status"] == "PUBLISHED"


@pytest.mark.parametrize("state", [("PUBLISH",), ("PUBLISH", "DEPRECATE")])
@pytest.mark.parametrize(
    "change",
    [{"attributes": {"sha256": "cd"}}, {"artifact": ARTIFACT}, {"recipe": "[]"}],
    ids=lambda given: next(iter(given)),
)
def test_what_devices_may_have_installed_stays_as_it_is(iot: Any, state: tuple[str, ...], change: Any) -> None:
    """Once published a version changes its description only, and an attempt changes not even that."""
    move(iot, *state)
    before = shown(iot)
    assert refusal(iot.update_package_version, **FIRST, **change, description="new") == CONFLICT
    assert shown(iot) == before
    iot.update_package_version(**FIRST, description="new")
    assert shown(iot) == before | {"description": "new"}


@pytest.mark.parametrize(
    ("before", "action", "after"),
    [
        ((), "PUBLISH", "PUBLISHED"),
        (("PUBLISH",), "DEPRECATE", "DEPRECATED"),
        (("PUBLISH", "DEPRECATE"), "PUBLISH", "PUBLISHED"),
        ((), "DEPRECATE", None),
        (("PUBLISH",), "PUBLISH", None),
        (("PUBLISH", "DEPRECATE"), "DEPRECATE", None),
    ],
)
def test_a_version_goes_the_ways_of_its_lifecycle_only(
    iot: Any, before: tuple[str, ...], action: str, after: str | None
) -> None:
    """Draft to published, published to deprecated and back; what is refused leaves the state as it was."""
    move(iot, *before)
    was = shown(iot)["status"]
    if after is None:
        assert refusal(iot.update_package_version, **FIRST, action=action) == CONFLICT
    else:
        move(iot, action)
    assert shown(iot)["status"] == (after or was)


def test_a_default_version_is_there_and_no_draft(iot: Any) -> None:
    """A draft and a missing one are refused; it is unset by itself and not with another named."""

    def default() -> str | None:
        name: str | None = iot.get_package(packageName="pump-firmware").get("defaultVersionName")
        return name

    def update(**given: Any) -> None:
        iot.update_package(packageName="pump-firmware", **given)

    assert refusal(update, defaultVersionName="1.0.0") == CONFLICT
    assert refusal(update, defaultVersionName="9.9.9") == MISSING
    assert default() is None
    move(iot, "PUBLISH")
    update(defaultVersionName="1.0.0")
    assert refusal(update, defaultVersionName="1.0.0", unsetDefaultVersion=True) == INVALID
    update(description="another word")
    assert default() == "1.0.0"
    update(unsetDefaultVersion=True)
    assert default() is None


def test_what_is_in_use_is_not_deleted(iot: Any) -> None:
    """A default version and a package with versions stay; deleting what is gone is no error."""
    move(iot, "PUBLISH")
    iot.update_package(packageName="pump-firmware", defaultVersionName="1.0.0")
    assert refusal(iot.delete_package_version, **FIRST) == INVALID
    assert refusal(iot.delete_package, packageName="pump-firmware") == INVALID
    assert shown(iot)["status"] == "PUBLISHED"
    iot.update_package(packageName="pump-firmware", unsetDefaultVersion=True)
    for _ in range(2):
        iot.delete_package_version(**FIRST)
        assert refusal(iot.get_package_version, **FIRST) == MISSING
        iot.delete_package(packageName="pump-firmware")
        assert refusal(iot.get_package, packageName="pump-firmware") == MISSING
    assert iot.list_packages()["packageSummaries"] == []


def test_a_name_is_taken_once_but_by_the_same_request(iot: Any) -> None:
    """A retry (its token says so) gets the first answer again; another request conflicts and changes nothing."""
    token = "a" * 36
    made = iot.create_package(packageName="camera-firmware", clientToken=token)
    again = iot.create_package(packageName="camera-firmware", clientToken=token)
    assert again["packageArn"] == made["packageArn"]
    assert refusal(iot.create_package, packageName="camera-firmware", description="other") == CONFLICT
    assert refusal(iot.create_package_version, **FIRST, description="other") == CONFLICT
    assert "description" not in iot.get_package(packageName="camera-firmware")
    assert "description" not in shown(iot)


def test_what_breaks_the_model_or_a_limit_is_invalid(iot: Any) -> None:
    """Names, attributes beyond 3 KB, and a version of no package: none of them leaves anything behind."""
    second = {"packageName": "pump-firmware", "versionName": "2.0.0"}
    most = {"a": "x" * (ATTRIBUTE_BYTES - 1)}
    assert refusal(iot.create_package, packageName="no space") == INVALID
    assert refusal(iot.get_package_version, packageName="pump-firmware", versionName="1:0") == INVALID
    assert refusal(iot.create_package_version, **second, attributes=most | {"b": "y"}) == INVALID
    assert refusal(iot.create_package_version, **(second | {"packageName": "none"})) == INVALID
    assert refusal(iot.update_package_version, **FIRST, attributes=most | {"b": "y"}) == INVALID
    assert refusal(iot.update_package_version, **second, action="PUBLISH") == MISSING
    assert refusal(iot.update_package, packageName="none", description="d") == MISSING
    iot.update_package_version(**FIRST, attributes=most)
    versions = iot.list_package_versions(packageName="pump-firmware")["packageVersionSummaries"]
    assert [version["versionName"] for version in versions] == ["1.0.0"]


def test_lists_come_in_pages_and_by_status(iot: Any) -> None:
    """A reader of the first page alone misses some, and a token of somebody else is refused."""
    for number in range(26):
        iot.create_package_version(packageName="pump-firmware", versionName=f"2.0.{number}")
    move(iot, "PUBLISH")
    first = iot.list_package_versions(packageName="pump-firmware")
    second = iot.list_package_versions(packageName="pump-firmware", nextToken=first["nextToken"])
    assert [len(page["packageVersionSummaries"]) for page in (first, second)] == [25, 2]
    assert "nextToken" not in second
    published = iot.list_package_versions(packageName="pump-firmware", status="PUBLISHED")
    assert [version["versionName"] for version in published["packageVersionSummaries"]] == ["1.0.0"]
    assert refusal(iot.list_packages, nextToken="mine") == INVALID
    assert iot.list_package_versions(packageName="none")["packageVersionSummaries"] == []


def test_the_catalog_ends_with_the_mock(iot: Any) -> None:
    """What one test made, the next one does not find."""
    assert [package["packageName"] for package in iot.list_packages()["packageSummaries"]] == ["pump-firmware"]
    BackendDict.reset()
    assert iot.list_packages()["packageSummaries"] == []
