"""URLs that AWS presigns with the rights of a role, and S3 that holds each to its time, its object and that role.

moto takes any signature and any date. What was presigned here is known by its signature; of others nothing is said.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit
from uuid import uuid4

from botocore.auth import SIGV4_TIMESTAMP, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response

from playtest.fleet import broker
from playtest.local_aws import runtime
from playtest.local_aws.faults import InjectedError
from playtest.local_aws.moto_methods import replace

_KEY_ID = "ASIA"
"""What the id of an access key begins with that STS has handed out."""
_SIGNED = "presigned_by_iot"  # kept on moto's backend, because a backend's attributes end with its mock


class _Grant(NamedTuple):
    """What a signature is good for, and until when; the host is there to know whose clock it goes by."""

    address: str
    role_arn: str
    bucket: str
    key: str
    region: str
    until: datetime


class _SignedAt(S3SigV4QueryAuth):
    """botocore's own signature, dated with virtual time."""

    def __init__(self, credentials: ReadOnlyCredentials, region: str, at: datetime, seconds: int) -> None:
        super().__init__(credentials, "s3", region, expires=seconds)
        self._at = at

    def _modify_request_before_signing(self, request: Any) -> None:
        request.context["timestamp"] = self._at.strftime(SIGV4_TIMESTAMP)
        super()._modify_request_before_signing(request)  # type: ignore[misc]  # its stubs leave the hook out


def url(region: str, bucket: str, key: str, role_arn: str, at: datetime, seconds: int) -> str:
    """Return a URL that reads the object for so many seconds, as long as the role may."""
    request = AWSRequest(method="GET", url=f"https://s3.{region}.amazonaws.com/{bucket}/{quote(key)}")
    session = ReadOnlyCredentials(_KEY_ID + uuid4().hex[:16].upper(), uuid4().hex, uuid4().hex)
    _SignedAt(session, region, at, seconds).add_auth(request)
    signed, until = str(request.url), at + timedelta(seconds=seconds)
    _grants()[_signature(signed)] = _Grant(urlsplit(signed).path, role_arn, bucket, key, region, until)
    return signed


@cache
def install() -> None:
    """Let S3 look at presigned URLs, once per process."""
    original = S3Response.key_response

    def key_response(response: Any, request: Any, full_url: str, headers: Any) -> Any:
        refusal = _refusal(request.method, full_url)
        return refusal or original(response, request, full_url, headers)

    replace(S3Response, key_response=key_response)


def _refusal(method: str, full_url: str) -> Any:
    """Return S3's answer to a request that its presigned URL does not cover; None for any other."""
    query = parse_qs(urlsplit(full_url).query)
    if not query.get("X-Amz-Credential", [""])[0].startswith(_KEY_ID):
        return None
    grant = _grants().get(_signature(full_url))
    if grant is None or grant.address != urlsplit(full_url).path or method != "GET":
        return _denied("SignatureDoesNotMatch", "The request signature we calculated does not match")
    if grant.until <= _now(grant):
        return _denied("AccessDenied", "Request has expired")
    return None if _role_may(grant) else _denied("AccessDenied", "Access Denied")


def _now(grant: _Grant) -> datetime:
    live = broker.live(runtime.ACCOUNT, grant.region)
    return live.now() if live else runtime.now()


def _role_may(grant: _Grant) -> bool:
    running = runtime.up()
    if running is None or running.permissions is None:
        return True
    try:
        asked = {"Bucket": grant.bucket, "Key": grant.key}
        running.permissions.require_of_role(grant.role_arn, "s3", "GetObject", asked)
    except (InjectedError, StopIteration):  # the latter: the role was deleted since
        return False
    return True


def _denied(code: str, message: str) -> Any:
    return 403, {}, f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'


def _signature(signed: str) -> str:
    return parse_qs(urlsplit(signed).query).get("X-Amz-Signature", [""])[0]


def _grants() -> dict[str, _Grant]:
    backend = s3_backends[runtime.ACCOUNT]["aws"]
    grants: dict[str, _Grant] = backend.__dict__.setdefault(_SIGNED, {})
    return grants
