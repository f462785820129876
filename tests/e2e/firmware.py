"""Versions that somebody publishes after the plant was built, and what is desired of its things."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from playtest.fleet.demo_software import artefact_key, firmware_bucket
from playtest.local_aws import LocalAws
from playtest.local_aws.runtime import ACCOUNT


def publish(
    aws: LocalAws,
    package: str,
    version: str,
    *,
    artefact: bytes = b"firmware",
    named: bool = True,
    put: bool = True,
    action: str | None = "PUBLISH",
    **more: Any,
) -> str:
    """Put a version into the catalog, and its artefact into the bucket, and return the artefact's SHA-256.

    `named`: the catalog names the S3 version of the artefact; `put`: the artefact is there; `action`: what is done
    with the draft; `more` is handed to PutObject.
    """
    iot, bucket, key = aws.client("iot"), firmware_bucket(ACCOUNT, aws.region), artefact_key(package, version)
    place = {"bucket": bucket, "key": key}
    if put:
        kept = aws.client("s3").put_object(Bucket=bucket, Key=key, Body=artefact, **more)
        place |= {"version": kept["VersionId"]} if named else {}
    iot.create_package_version(packageName=package, versionName=version, artifact={"s3Location": place})
    if action:
        iot.update_package_version(packageName=package, versionName=version, action=action)
    return hashlib.sha256(artefact).hexdigest()


def shadow(aws: LocalAws, thing: str, part: str, content: Any, name: str | None = None) -> None:
    """Say something in a part (desired, reported) of a thing's shadow: the classic one, or the one of that name."""
    payload = json.dumps({"state": {part: content}}).encode()
    named = {"shadowName": name} if name else {}
    aws.client("iot-data").update_thing_shadow(thingName=thing, payload=payload, **named)
