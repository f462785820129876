"""What devices say on `$aws/things/<thing>/jobs/…`, and what AWS IoT answers.

AWS IoT developer guide, "Jobs device MQTT API operations". An answer goes to whoever asked, and to no rule: it does not
pass through the broker.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from moto.core.exceptions import ServiceException

from playtest.fleet import broker, reserved_topics
from playtest.fleet.reserved_topics import Reply
from playtest.local_aws import runtime
from playtest.local_aws.iot_errors import InvalidRequest, NotFound
from playtest.local_aws.iot_jobs_device_side import NEXT, perform
from playtest.local_aws.iot_jobs_errors import InvalidStateTransition, TerminalState, VersionMismatch
from playtest.local_aws.iot_jobs_store import opened

_JOBS = re.compile(r"\$aws/things/(?P<thing>[^/]+)/jobs/(?:(?P<job>[^/]+)/)?(?P<act>get|start-next|update)")
_NEWS = re.compile(r"\$aws/things/(?P<thing>[^/]+)/jobs/notify-next")

_OPERATIONS = {
    (False, "get"): "GetPendingJobExecutions",
    (False, "start-next"): "StartNextPendingJobExecution",
    (True, "get"): "DescribeJobExecution",
    (True, "update"): "UpdateJobExecution",
}

_CODES: Mapping[type[ServiceException], str] = {
    InvalidRequest: "InvalidRequest",
    NotFound: "ResourceNotFound",
    InvalidStateTransition: "InvalidStateTransition",
    VersionMismatch: "VersionMismatch",
    TerminalState: "TerminalStateReached",
}
"""How the MQTT API names an error (developer guide, "ErrorResponse")."""


@cache
def install() -> None:
    """Let the broker of a fleet hand reserved topics over, once per process."""
    reserved_topics.serve(_JOBS, _answer)
    reserved_topics.announce(_NEWS, _next_job)


def _answer(account: str, region: str, topic: str, said: Mapping[str, Any]) -> Reply:
    found = _JOBS.fullmatch(topic)
    operation = _OPERATIONS.get((found["job"] is not None, found["act"])) if found else None
    stamp = {"timestamp": _now(account, region)}
    stamp |= {"clientToken": said["clientToken"]} if "clientToken" in said else {}
    if found is None or operation is None:
        return Reply(f"{topic}/rejected", {"code": "InvalidTopic", "message": topic, **stamp})
    asked = {name: value for name, value in said.items() if name != "clientToken"} | {"thingName": found["thing"]}
    asked |= {"jobId": found["job"]} if found["job"] is not None else {}
    try:
        answer = perform(account, region, operation, asked)
    except tuple(_CODES) as error:
        state = getattr(error, "state", None)
        stamp |= {"executionState": state} if state else {}
        return Reply(f"{topic}/rejected", {"code": _CODES[type(error)], "message": error.message, **stamp})
    return Reply(f"{topic}/accepted", {**_with_parsed_document(answer), **stamp})


def _with_parsed_document(answer: dict[str, Any]) -> dict[str, Any]:
    """Over MQTT the document is a part of the message, and no text in it."""
    execution = answer.get("execution")
    if execution is None or "jobDocument" not in execution:
        return answer
    return {**answer, "execution": {**execution, "jobDocument": json.loads(execution["jobDocument"])}}


def _next_job(account: str, region: str, topic: str) -> Mapping[str, Any] | None:
    """Return what AWS has said on `notify-next` last: None where a thing has nothing to do."""
    found = _NEWS.fullmatch(topic)
    with opened(account, region) as (jobs, _):
        has_job = bool(found and jobs.pending(found["thing"]))
    if not found or not has_job:
        return None
    asked = {"thingName": found["thing"], "jobId": NEXT, "includeJobDocument": False}
    return perform(account, region, "DescribeJobExecution", asked)


def _now(account: str, region: str) -> int:
    live = broker.live(account, region)
    return int((live.now() if live else runtime.now()).timestamp())
