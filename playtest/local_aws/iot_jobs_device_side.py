"""What a device asks of the jobs service, the same over HTTPS (`iot-jobs-data`) and over MQTT.

AWS IoT developer guide, "Jobs device MQTT API operations". Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from moto.core.utils import get_service_model
from moto.iot.models import iot_backends

from playtest.local_aws.iot_errors import InvalidRequest, NotFound
from playtest.local_aws.iot_jobs_documents import served
from playtest.local_aws.iot_jobs_errors import InvalidStateTransition, TerminalState, VersionMismatch
from playtest.local_aws.iot_jobs_model import SETTABLE, Execution
from playtest.local_aws.iot_jobs_refusals import check_details, check_minutes
from playtest.local_aws.iot_jobs_store import Jobs, opened
from playtest.local_aws.request_shapes import violations

Asked = Mapping[str, Any]
Answer = dict[str, Any]

NEXT = "$next"
"""Stands for the id of the job that is next."""


def perform(account: str, region: str, operation: str, asked: Asked) -> Answer:
    """Carry out an operation of `iot-jobs-data` (botocore's name), in botocore's words.

    Raises InvalidRequest, NotFound, InvalidStateTransition, VersionMismatch or TerminalState, as AWS refuses it.
    """
    shape = get_service_model("iot-jobs-data").operation_model(operation).input_shape
    if found := list(violations(shape, asked)):
        raise InvalidRequest(f"{len(found)} validation error(s) detected: {'; '.join(found)}")
    with opened(account, region) as (jobs, now):
        if not any(thing.thing_name == asked["thingName"] for thing in iot_backends[account][region].things.values()):
            raise NotFound(f"Thing {asked['thingName']} cannot be found.")
        return _OPERATIONS[operation](jobs, now, asked)


def _get_pending(jobs: Jobs, now: datetime, asked: Asked) -> Answer:
    del now  # all four operations are called alike
    pending = jobs.pending(asked["thingName"])
    return {
        "inProgressJobs": [_summary(one) for one in pending if one.status == "IN_PROGRESS"],
        "queuedJobs": [_summary(one) for one in pending if one.status == "QUEUED"],
    }


def _start_next(jobs: Jobs, now: datetime, asked: Asked) -> Answer:
    check_details(asked.get("statusDetails"))
    check_minutes("stepTimeoutInMinutes", asked.get("stepTimeoutInMinutes"))
    pending = jobs.pending(asked["thingName"])
    if not pending:
        return {}
    execution = pending[0]
    if execution.status == "QUEUED":
        jobs.start(execution, now, asked.get("statusDetails"))
    _set_step_timer(execution, now, asked)
    return {"execution": _described(jobs, execution, now, with_document=True)}


def _describe(jobs: Jobs, now: datetime, asked: Asked) -> Answer:
    with_document = asked.get("includeJobDocument") is not False
    if asked["jobId"] == NEXT:
        pending = jobs.pending(asked["thingName"])
        return {"execution": _described(jobs, pending[0], now, with_document=with_document)} if pending else {}
    execution = jobs.execution(asked["jobId"], asked["thingName"], asked.get("executionNumber"))
    if execution.is_over:
        raise TerminalState(f"The job execution is {execution.status}.")
    return {"execution": _described(jobs, execution, now, with_document=with_document)}


def _update(jobs: Jobs, now: datetime, asked: Asked) -> Answer:
    status = asked["status"]
    if status not in SETTABLE:
        raise InvalidRequest(f"A device cannot set the status {status}.")
    check_details(asked.get("statusDetails"))
    check_minutes("stepTimeoutInMinutes", asked.get("stepTimeoutInMinutes"))
    execution = jobs.execution(asked["jobId"], asked["thingName"], asked.get("executionNumber"))
    _check_state(execution, asked)
    _move(jobs, execution, now, asked)
    answer: Answer = {"executionState": _state_of(execution)} if asked.get("includeJobExecutionState") else {}
    if asked.get("includeJobDocument"):
        job = jobs.job(execution.job_id)
        answer["jobDocument"] = served(job.document, job.asked, now)
    return answer


def _state_of(execution: Execution) -> Answer:
    return {"status": execution.status, "statusDetails": dict(execution.details), "versionNumber": execution.version}


_OPERATIONS: Mapping[str, Callable[[Jobs, datetime, Asked], Answer]] = {
    "GetPendingJobExecutions": _get_pending,
    "StartNextPendingJobExecution": _start_next,
    "DescribeJobExecution": _describe,
    "UpdateJobExecution": _update,
}


def _check_state(execution: Execution, asked: Asked) -> None:
    state = _state_of(execution)
    if execution.is_over:
        reason = f"The job execution is {execution.status} and cannot become {asked['status']}."
        raise InvalidStateTransition(reason, state)
    if asked.get("expectedVersion") not in (None, execution.version):
        raise VersionMismatch(f"The version of the job execution is {execution.version}.", state)


def _move(jobs: Jobs, execution: Execution, now: datetime, asked: Asked) -> None:
    details = asked.get("statusDetails")
    if asked["status"] != "IN_PROGRESS":
        return jobs.end(execution, asked["status"], now, details)
    if execution.status == "QUEUED":
        jobs.start(execution, now, details)
    else:
        execution.move("IN_PROGRESS", now, details)
    return _set_step_timer(execution, now, asked)


def _set_step_timer(execution: Execution, now: datetime, asked: Asked) -> None:
    if minutes := asked.get("stepTimeoutInMinutes"):
        execution.step_deadline = now + timedelta(minutes=minutes)


def _summary(execution: Execution) -> Answer:
    said = {
        "jobId": execution.job_id,
        "queuedAt": _seconds(execution.queued_at),
        "startedAt": _seconds(execution.started_at),
        "lastUpdatedAt": _seconds(execution.last_updated_at),
        "versionNumber": execution.version,
        "executionNumber": execution.number,
    }
    return {name: value for name, value in said.items() if value is not None}


def _described(jobs: Jobs, execution: Execution, now: datetime, *, with_document: bool) -> Answer:
    job = jobs.job(execution.job_id)
    said = {"thingName": execution.thing_name, **_summary(execution), **_state_of(execution)}
    left = execution.seconds_left(now)
    said |= {"approximateSecondsBeforeTimedOut": left} if left is not None else {}
    return said | ({"jobDocument": served(job.document, job.asked, now)} if with_document else {})


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
