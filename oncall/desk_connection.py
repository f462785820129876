"""Find the desk and who is asking: a URL or a stack's output, and the person's own credentials."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from oncall.aws_trouble import EXPIRED, told_in_one_line
from oncall.desk_client import DeskClient
from oncall.errors import BadUsage, CommandError, Failed, bad

OUTPUT = "DeskUrl"
"""The stack's output that holds the desk's function URL."""
_TIMEOUTS = (5.0, 35.0)
"""Seconds to connect, and to wait for an answer: longer than the desk's function may take."""
_OF_AWS = re.compile(r"[a-z0-9]+\.lambda-url\.([a-z0-9-]+)\.on\.aws")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})


@dataclass(frozen=True)
class Whereabouts:
    """Where a person says that the desk is, and as whom he asks; None: as his AWS configuration says."""

    desk: str | None
    stack: str
    profile: str | None
    region: str | None


def connect(where: Whereabouts) -> DeskClient:
    """Return the client of the desk that `where` leads to; the desk itself is not asked yet.

    Raises:
        BadUsage: the URL, the stack, the profile or the Region cannot be.
        Failed: there are no credentials, or they do not open the way to the desk.
    """
    with told_in_one_line("AWS"):
        session = boto3.Session(profile_name=where.profile, region_name=where.region)
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        url = where.desk or _of_stack(session, where.stack)
        region = _region_of(url, where.region) or session.region_name
        if region is None:
            raise NoRegionError
        bundle = session._session.get_config_variable("ca_bundle")  # noqa: SLF001 - boto3 shows it nowhere else
        # What is on this machine is asked by no proxy: unencrypted, the session token would go through it.
        proxies = get_environ_proxies(url) if url.startswith("https:") else {}
        http = URLLib3Session(verify=bundle or True, proxies=proxies, timeout=_TIMEOUTS)  # type: ignore[arg-type] # the stubs know neither a bundle's path nor two time-outs
        return DeskClient(url, region, credentials, http)


def _region_of(url: str, asked: str | None) -> str | None:
    """Return the Region that a desk's URL names; None for one on this machine, which has none of its own.

    Raises:
        BadUsage: it is not such a URL: whoever gets a signed request holds the session token that is in it.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _bad_url(url) from None
    if parts.query or parts.fragment or parts.username is not None:
        raise _bad_url(url)
    if parts.scheme == "http" and host in _LOOPBACK:
        return None
    named = _OF_AWS.fullmatch(host)
    if parts.scheme != "https" or named is None:
        raise _bad_url(url)
    if asked is not None and asked != named[1]:
        raise bad("--region", asked, f"{named[1]}, where this desk is")
    return named[1]


def _bad_url(url: str) -> BadUsage:
    return bad("--desk", url, "https://….lambda-url.REGION.on.aws/ or a playtest on this machine")


def _of_stack(session: boto3.Session, stack: str) -> str:
    quick = Config(connect_timeout=5, read_timeout=10, retries={"max_attempts": 3, "mode": "standard"})
    try:
        (found,) = session.client("cloudformation", config=quick).describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        raise _no_stack(error, stack, session.region_name) from None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    if OUTPUT not in outputs:
        raise Failed(
            f"the stack {stack} in {session.region_name} has no output {OUTPUT}: deploy this version of Cordon"
        )
    return outputs[OUTPUT]


def _no_stack(error: ClientError, stack: str, region: str) -> CommandError:
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if code == "ValidationError":
        return bad("--stack", stack, f"a stack of Cordon in {region}: deploy it, or give --stack, --region or --desk")
    if code in _EXPIRED_CODES:
        return Failed(EXPIRED)
    if code in {"AccessDenied", "AccessDeniedException"}:
        return Failed(f"you may not read the outputs of the stack {stack} (cloudformation:DescribeStacks): give --desk")
    return Failed(f"AWS does not tell where the desk of {stack} is: {message}")
