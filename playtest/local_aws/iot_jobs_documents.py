"""Job documents: what CreateJob takes for one, and what a device gets, with presigned URLs for the placeholders.

AWS IoT developer guide, "Managing jobs": `${aws:iot:s3-presigned-url:https://s3.<region>.amazonaws.com/<bucket>/<key>}`
becomes a URL that is presigned with the rights of a role when a device asks for the document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moto.iam.models import iam_backends
from moto.s3.models import s3_backends

from playtest.local_aws import presigned
from playtest.local_aws.arns import one_or_many
from playtest.local_aws.iot_errors import InvalidRequest

LONGEST = 32_768
"""Bytes of a job document (AWS IoT quotas: 32 KB)."""

DEFAULT_EXPIRY = 3600
"""Seconds for which a presigned URL is good where the job says nothing (botocore, iot, PresignedUrlConfig)."""

_OPENING = "${aws:iot:s3-presigned-url"
_PLACEHOLDER = re.compile(
    r"\$\{aws:iot:s3-presigned-url(?:-v2)?:https://s3[.-](?P<region>[a-z0-9-]+)\.amazonaws\.com/"
    r"(?P<bucket>[^/{}\"]+)/(?P<key>[^{}\"]+)\}"
)
_OBJECT = re.compile(
    r"https://(?:s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com/(?P<bucket>[^/]+)"
    r"|(?P<host>[^/]+?)\.s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com)/(?P<key>.+)"
)
_IOT = "iot.amazonaws.com"


def document_of(asked: Mapping[str, Any], account: str) -> str:
    """Return the document of a new job; `asked` is CreateJob's request. InvalidRequest where AWS would refuse it."""
    if ("document" in asked) == ("documentSource" in asked):
        raise InvalidRequest("Exactly one of document and documentSource must be specified.")
    document = asked["document"] if "document" in asked else _object(asked["documentSource"], account)
    if len(document.encode()) > LONGEST:
        raise InvalidRequest(f"The job document has {len(document.encode())} bytes; at most {LONGEST} are allowed.")
    try:
        json.loads(document)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"The job document is not valid JSON: {error}") from None
    _check_placeholders(document, asked.get("presignedUrlConfig") or {}, account)
    return str(document)


def served(document: str, asked: Mapping[str, Any], now: datetime) -> str:
    """Return the document as a device gets it now: each placeholder has become a URL that runs out."""
    config = asked.get("presignedUrlConfig") or {}
    seconds = config.get("expiresInSec") or DEFAULT_EXPIRY

    def presigned_url(found: re.Match[str]) -> str:
        return presigned.url(found["region"], found["bucket"], found["key"], config["roleArn"], now, seconds)

    return _PLACEHOLDER.sub(presigned_url, document)


def source_of(url: str) -> tuple[str, str] | None:
    """Return bucket and key of an S3 object's URL, in either style; None where it is none."""
    match = _OBJECT.fullmatch(url)
    return (match["bucket"] or match["host"], match["key"]) if match else None


def _object(url: str, account: str) -> str:
    found = source_of(url)
    if found is None:
        raise InvalidRequest(f"The document source {url} is not the URL of an S3 object.")
    bucket, key = found
    held = s3_backends[account]["aws"]
    kept = held.buckets[bucket].keys.get(key) if bucket in held.buckets else None
    if kept is None:
        raise InvalidRequest(f"The document source {url} cannot be read.")
    try:
        return bytes(kept.value).decode()
    except UnicodeDecodeError:
        raise InvalidRequest("The job document is not text in UTF-8.") from None


def _check_placeholders(document: str, config: Mapping[str, Any], account: str) -> None:
    if document.count(_OPENING) != len(_PLACEHOLDER.findall(document)):
        raise InvalidRequest("The job document has a placeholder that names no S3 object of a bucket.")
    if _OPENING in document and "roleArn" not in config:
        raise InvalidRequest("The job document has a placeholder for a presigned URL and presignedUrlConfig no role.")
    if "roleArn" in config and not _trusts_iot(config["roleArn"], account):
        # AWS documents that the role must let AWS IoT assume it; that CreateJob looks at once is taken for granted (L).
        raise InvalidRequest(f"The role {config['roleArn']} cannot be assumed by {_IOT}.")


def _trusts_iot(role_arn: str, account: str) -> bool:
    roles = iam_backends[account]["aws"].roles.values()
    document = next((role.assume_role_policy_document for role in roles if role.arn == role_arn), None)
    statements = one_or_many(_parsed(document).get("Statement", []))
    return any(
        statement.get("Effect") == "Allow"
        and _IOT in one_or_many((statement.get("Principal") or {}).get("Service", []))
        and "sts:AssumeRole" in one_or_many(statement.get("Action", []))
        for statement in statements
    )


def _parsed(document: Any) -> Mapping[str, Any]:
    parsed: Mapping[str, Any] = json.loads(document) if isinstance(document, str) else document or {}
    return parsed
