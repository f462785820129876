"""The one botocore session of all local AWSs: reading service models anew for each would take most of its start."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import boto3


@functools.cache
def session() -> boto3.Session:
    """Return the session, with credentials that no real account takes."""
    # Whoever looks at a request sees at once that it was never meant for AWS.
    return boto3.Session(aws_access_key_id="PLAYTEST", aws_secret_access_key="playtest")  # noqa: S106 - opens nothing


@functools.lru_cache(maxsize=128)
def client(service: str, region: str) -> Any:
    """Return a client of `service` (botocore's name) in `region`, kept for the life of the process."""
    return session().client(service, region_name=region)  # type: ignore[call-overload] # any service by name


@contextlib.contextmanager
def as_default() -> Iterator[None]:
    """Let `boto3.client`, which the handlers call, use this session for the time of the block."""
    before, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, session()
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = before
