"""What the tests of a known-good ask the desk, and what it has written."""

from __future__ import annotations

from typing import Any

from playtest.local_aws import LocalAws
from playtest.local_aws.function_urls import ALICE

Json = dict[str, Any]
OBJECT = "known-good/pump.json"


def ask(aws: LocalAws, path: str, body: Any = None, method: str = "POST", who: str | None = ALICE) -> Json:
    """Ask the desk for what it does not refuse."""
    status, said = aws.ask_desk(who, method, path, body)
    assert status == 200, said
    answer_: Json = said
    return answer_


def refused(aws: LocalAws, path: str, body: Any = None, method: str = "POST") -> tuple[int, str, str | None, str]:
    """Ask it for what it refuses, and return status, name, field and message."""
    status, said = aws.ask_desk(ALICE, method, path, body)
    return status, said["error"], said.get("field"), said["message"]


def captured(aws: LocalAws, thing: str = "pump-01") -> Json:
    """The definition of which a thing is an example."""
    definition: Json = ask(aws, "/known-good/capture", {"thing_name": thing})["definition"]
    return definition


def checked(aws: LocalAws, thing: str, **more: Any) -> Json:
    """What a thing's check says."""
    return ask(aws, "/known-good/check", {"thing_name": thing, **more})


def drift(aws: LocalAws, thing: str, **more: Any) -> Json:
    """What is there instead of what is known to be good, by field."""
    return {one["field"]: one["found"] for one in checked(aws, thing, **more)["drift"]}


def kept(aws: LocalAws) -> tuple[list[Any], list[Any]]:
    """All rows of the table and all versions in the bucket."""
    rows = aws.client("dynamodb").scan(TableName=aws.stack.resource("IncidentsTable"), ConsistentRead=True)["Items"]
    versions = aws.client("s3").list_object_versions(Bucket=aws.stack.resource("PolicyBucket"))["Versions"]
    return (
        sorted(rows, key=lambda row: (row["pk"]["S"], row["sk"]["S"])),
        [(one["Key"], one["VersionId"]) for one in versions],
    )


def with_firmware(definition: Json, **changed: Any) -> Json:
    """The definition with something of its firmware changed."""
    return definition | {"firmware": definition["firmware"] | changed}
