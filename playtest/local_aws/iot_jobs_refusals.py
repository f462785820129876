"""What AWS IoT refuses about jobs beyond what the botocore model says of single members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playtest.local_aws.iot_errors import InvalidRequest, LimitExceeded

MOST_DETAILS = 10
"""Pairs of `statusDetails` (botocore, iot, CancelJobExecution: "at most 10 name/value pairs")."""

LONGEST_DETAIL = 1024
"""Characters of one value of `statusDetails` (iot-jobs-data API reference, JobExecution)."""

MOST_RETRIES = 10
"""Retries of one execution, of all kinds together (developer guide, "Job execution retry configuration")."""

MOST_TARGETS = 100
"""Targets of one job (AWS IoT Device Management quotas: M)."""

_MINUTES = range(1, 10_081)
"""botocore, iot, TimeoutConfig: 1 minute to 7 days. A step timer has the same bounds (developer guide: M)."""

_NOT_PLAYED = (
    "documentParameters",
    "destinationPackageVersions",
    "jobExecutionsRolloutConfig",
    "jobTemplateArn",
    "namespaceId",
    "schedulingConfig",
    "tags",
)


def check_new(asked: Mapping[str, Any]) -> None:
    """Raise InvalidRequest or LimitExceeded for a CreateJob that AWS would refuse.

    NotImplementedError for one that AWS would take and the local AWS does not play.
    """
    unplayed = [name for name in _NOT_PLAYED if asked.get(name)]
    unplayed += ["targetSelection CONTINUOUS"] if asked.get("targetSelection") == "CONTINUOUS" else []
    if unplayed:
        raise NotImplementedError(f"a job with {', '.join(unplayed)}")
    if len(asked["targets"]) > MOST_TARGETS:
        raise LimitExceeded(f"A job has at most {MOST_TARGETS} targets.")
    timeout = (asked.get("timeoutConfig") or {}).get("inProgressTimeoutInMinutes")
    check_minutes("inProgressTimeoutInMinutes", timeout)
    _check_retries(asked.get("jobExecutionsRetryConfig") or {}, has_timeout=timeout is not None)
    for criterion in (asked.get("abortConfig") or {}).get("criteriaList", ()):
        if round(criterion["thresholdPercentage"], 2) != criterion["thresholdPercentage"]:
            raise InvalidRequest("thresholdPercentage has at most two digits after the decimal point.")


def check_minutes(name: str, minutes: int | None) -> None:
    """Raise InvalidRequest for a timer that AWS does not set; None is none."""
    if minutes is not None and minutes not in _MINUTES:
        raise InvalidRequest(f"{name} must be between {_MINUTES[0]} and {_MINUTES[-1]} minutes.")


def check_details(details: Mapping[str, str] | None) -> None:
    """Raise InvalidRequest for more status details, or longer ones, than AWS takes."""
    if details is not None and len(details) > MOST_DETAILS:
        raise InvalidRequest(f"statusDetails has {len(details)} pairs; at most {MOST_DETAILS} are allowed.")
    for name, value in (details or {}).items():
        if len(value) > LONGEST_DETAIL:
            raise InvalidRequest(f"statusDetails.{name} has {len(value)} characters; at most {LONGEST_DETAIL} do.")


def _check_retries(config: Mapping[str, Any], *, has_timeout: bool) -> None:
    criteria = config.get("criteriaList", ())
    kinds = [criterion["failureType"] for criterion in criteria]
    if sum(criterion["numberOfRetries"] for criterion in criteria) > MOST_RETRIES:
        raise InvalidRequest(f"A job execution is retried at most {MOST_RETRIES} times, for all failures together.")
    if len(set(kinds)) < len(kinds) or (len(kinds) > 1 and "ALL" in kinds):
        raise InvalidRequest("Each failure type has one criterion at most, and ALL stands alone.")
    if "TIMED_OUT" in kinds and not has_timeout:
        raise InvalidRequest("To retry what has timed out, a job needs a timeoutConfig.")
