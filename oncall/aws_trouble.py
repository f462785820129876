"""What goes wrong between a person and AWS before anything of ours is asked: credentials, Region, network."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from botocore import exceptions as aws

from oncall.errors import CommandError, DeskUnreached, Failed, bad

EXPIRED = "your AWS credentials have expired: sign in again (aws sso login, or as you got them)"
_NONE = (
    "no AWS credentials: sign in (aws sso login), name a profile with --profile, or set AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY"
)
_NO_REGION = "one that --region, AWS_DEFAULT_REGION or the profile names"
_Teller = Callable[[aws.BotoCoreError, str], CommandError]
# The first that fits tells: a ReadTimeoutError is an HTTPClientError too.
_TELLERS: tuple[tuple[tuple[type[aws.BotoCoreError], ...], _Teller], ...] = (
    ((aws.NoCredentialsError,), lambda _error, _whom: Failed(_NONE)),
    (
        (aws.ProfileNotFound,),
        lambda error, _whom: bad("--profile", error.kwargs.get("profile"), "a profile of your AWS configuration"),
    ),
    ((aws.NoRegionError,), lambda _error, _whom: bad("--region", None, _NO_REGION)),
    (
        (aws.InvalidRegionError,),
        lambda error, _whom: bad("--region", error.kwargs.get("region_name"), "an AWS Region, such as eu-central-1"),
    ),
    (
        (aws.UnauthorizedSSOTokenError, aws.SSOTokenLoadError, aws.TokenRetrievalError),
        lambda _error, _whom: Failed(EXPIRED),
    ),
    (
        (aws.PartialCredentialsError, aws.CredentialRetrievalError, aws.NoAuthTokenError),
        lambda error, _whom: Failed(f"your AWS credentials cannot be used: {error}"),
    ),
    (
        (aws.ReadTimeoutError,),
        lambda _error, whom: DeskUnreached(f"{whom} did not answer in time: it is not known what came of the request"),
    ),
    (
        (aws.ConnectionError, aws.HTTPClientError),
        lambda error, whom: DeskUnreached(f"{whom} cannot be reached: {error}"),
    ),
)


@contextlib.contextmanager
def told_in_one_line(whom: str) -> Iterator[None]:
    """Turn whatever botocore raises within the block into a command's error; `whom` is being asked.

    Raises:
        BadUsage: a profile or a Region that is not there.
        DeskUnreached: no answer came.
        Failed: there are no credentials, or they cannot be used.
    """
    try:
        yield
    except aws.BotoCoreError as error:
        raise _told(error, whom) from None


def _told(error: aws.BotoCoreError, whom: str) -> CommandError:
    teller = next((teller for kinds, teller in _TELLERS if isinstance(error, kinds)), None)
    return teller(error, whom) if teller else Failed(f"AWS cannot be asked: {error}")
