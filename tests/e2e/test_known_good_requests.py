"""Requests about what is known to be good that the desk refuses, or answers with nothing. None writes anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cordon.model.incident import Mode

from playtest.fleet.demo_software import artefact_sha256
from playtest.local_aws import LocalAws
from playtest.run.demo_policy import demo_policy
from tests.e2e.firmware import publish
from tests.e2e.known_good import Json, ask, captured, kept, refused, with_firmware

PUMPS, CURRENT = "pump-firmware", "2.4.1"


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS for all of these: what is refused leaves nothing behind."""
    with LocalAws(policy=demo_policy(Mode.AUTOMATIC)) as started:
        yield started


def _spoilt_group(aws: LocalAws, definition: Json) -> Json:
    aws.client("iot").create_dynamic_thing_group(thingGroupName="found", queryString="thingName:pump-01")
    return definition | {"groups": ["line-1", "found"]}


def _published(aws: LocalAws, definition: Json, version: str, **how: Any) -> Json:
    return with_firmware(definition, version=version, sha256=publish(aws, PUMPS, version, **how))


def _without_artefact(aws: LocalAws, definition: Json) -> Json:
    iot = aws.client("iot")
    iot.create_package_version(packageName=PUMPS, versionName="9.0.2")
    iot.update_package_version(packageName=PUMPS, versionName="9.0.2", action="PUBLISH")
    return with_firmware(definition, version="9.0.2")


UNFIT: list[tuple[Callable[[LocalAws, Json], Json], str, str]] = [
    (lambda _, one: with_firmware(one, package="no-such"), "firmware.version", "which the catalog does not have"),
    (lambda _, one: with_firmware(one, version="9.9.9"), "firmware.version", "which the catalog does not have"),
    (
        lambda aws, one: _published(aws, one, "9.0.0", action=None),
        "firmware.version",
        "which is DRAFT, expected one that is PUBL",
    ),
    (
        lambda aws, one: _published(aws, one, "9.0.1", named=False, put=False),
        "firmware.version",
        "nothing can be read at s3://",
    ),
    (_without_artefact, "firmware.version", "of which the catalog names no artefact"),
    (lambda _, one: with_firmware(one, sha256="0" * 64), "firmware.sha256", artefact_sha256(PUMPS, CURRENT)),
    (lambda _, one: one | {"policies": ["plant-device", "none"]}, "policies.1", "'none', which does not exist"),
    (lambda _, one: one | {"groups": ["none"]}, "groups.0", "'none', which does not exist"),
    (_spoilt_group, "groups.1", "'found', which is dynamic"),
    (lambda _, one: one | {"groups": ["cordon-quarantine"]}, "groups.0", "'cordon-quarantine', the quarantine group"),
]


@pytest.mark.parametrize(("spoil", "field", "said"), UNFIT, ids=[f"{field}: {said}"[:40] for _, field, said in UNFIT])
def test_a_known_good_that_names_what_is_not_there_is_not_signed(
    aws: LocalAws, spoil: Callable[[LocalAws, Json], Json], field: str, said: str
) -> None:
    """By its field, with what was found and expected; neither table nor bucket is written, and no key is asked."""
    spoilt = spoil(aws, captured(aws))
    before, asked = kept(aws), len(aws.calls.of("DeskFunction", service="kms"))
    status, error, where, message = refused(aws, "/known-good", {"definition": spoilt})
    assert (status, error, where) == (400, "UnfitKnownGood", f"definition.{field}")
    assert said in message
    assert kept(aws) == before
    assert len(aws.calls.of("DeskFunction", service="kms")) == asked


THING = {"thing_name": "pump-01"}
MALFORMED: list[tuple[str, Any, str]] = [
    ("/known-good/capture", {}, "thing_name"),
    ("/known-good/capture", {"thing_name": "pump-01\n"}, "thing_name"),
    ("/known-good/capture", {"thing_name": "../pump"}, "thing_name"),
    ("/known-good/capture", {"thing_name": "x" * 129}, "thing_name"),
    ("/known-good/capture", THING | {"type": "pump"}, "type"),
    ("/known-good/check", {"thing_name": "${iot:ClientId}"}, "thing_name"),
    ("/known-good/check", THING | {"definition": {}}, "definition.thing_type"),
    ("/known-good/check", THING | {"definition": "pump"}, "definition"),
    ("/known-good", {}, "definition"),
    ("/known-good", {"definition": {"thing_type": "../x", "policies": []}}, "definition.thing_type"),
    ("/known-good", {"definition": {"thing_type": "pump", "policies": ["*"]}}, "definition.policies.0"),
    ("/known-good", {"definition": {"thing_type": "pump", "policies": []}, "base": "x"}, "base"),
    ("/known-good", {"definition": {"thing_type": "pump", "policies": []}, "by": "mallory"}, "by"),
]


@pytest.mark.parametrize(("path", "body", "field"), MALFORMED)
def test_what_is_no_request_is_refused_by_its_field(aws: LocalAws, path: str, body: Any, field: str) -> None:
    """Before anything is read of AWS IoT or asked of the key, and nothing is written."""
    before, calls = kept(aws), len(aws.calls.of("DeskFunction", service="iot"))
    status, error, where, _ = refused(aws, path, body)
    assert (status, error, where) == (400, "BadRequest", field)
    assert kept(aws) == before
    assert len(aws.calls.of("DeskFunction", service="iot")) == calls


@pytest.mark.parametrize("path", ["/known-good/capture", "/known-good/check"])
def test_a_thing_that_is_not_there_is_named(aws: LocalAws, path: str) -> None:
    """By its name, which is one that AWS IoT allows."""
    status, error, field, message = refused(aws, path, {"thing_name": "nobody"})
    assert (status, error, field, message) == (404, "UnknownThing", "thing_name", "AWS IoT has no thing nobody")


@pytest.mark.parametrize("path", ["/known-good/a b", "/known-good/pump/x", "/known-good/%2E%2E", "/known-good/"])
def test_a_path_that_names_no_type_is_none(aws: LocalAws, path: str) -> None:
    """No key of the bucket is made of what is no type."""
    status, error, _, _ = refused(aws, path, method="GET")
    assert (status, error) == (404, "UnknownRoute")


@pytest.mark.parametrize("kind", ["capture", "check", "a:b", "a%3Ab"])
def test_a_type_may_be_called_as_another_path(aws: LocalAws, kind: str) -> None:
    """What AWS IoT lets a type be called is a type here, too."""
    shown = ask(aws, f"/known-good/{kind}", method="GET")
    name = kind.replace("%3A", ":")
    assert (shown["thing_type"], shown["definition"]) == (name, None)
    assert shown["trouble"] == f"no known-good was ever signed for things of type {name}"


@pytest.mark.parametrize(("method", "path"), [("GET", "/known-good"), ("POST", "/known-good/pump")])
def test_a_path_with_another_method_says_which_it_takes(aws: LocalAws, method: str, path: str) -> None:
    """Neither a list of all types nor a signature by another way."""
    status, error, _, message = refused(aws, path, {}, method=method)
    assert (status, error) == (405, "UnknownMethod")
    assert message == f"{path} takes {'POST' if path == '/known-good' else 'GET'}"
