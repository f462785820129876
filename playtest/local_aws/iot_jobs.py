"""Jobs as AWS IoT's control plane has them: what moto does, and what it leaves out, done as AWS does it.

What devices do about jobs is in `iot_jobs_device_side`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.iot.responses import IoTResponse

from playtest.local_aws import iot_jobs_data, iot_jobs_mqtt, iot_shadow_mqtt, presigned
from playtest.local_aws.iot_errors import AlreadyExists, InvalidRequest, NotFound, VersionConflict
from playtest.local_aws.iot_jobs_documents import document_of
from playtest.local_aws.iot_jobs_errors import InvalidStateTransition
from playtest.local_aws.iot_jobs_model import Execution, Job
from playtest.local_aws.iot_jobs_refusals import check_details, check_new
from playtest.local_aws.iot_jobs_store import Jobs, opened
from playtest.local_aws.moto_methods import add, replace
from playtest.local_aws.paging import Pages, in_pages
from playtest.local_aws.request_shapes import members

Operation = Callable[[Any, Jobs, datetime, dict[str, Any]], Any]

_PAGED = {
    "list_jobs": Pages("jobs"),
    "list_job_executions_for_job": Pages("executionSummaries"),
    "list_job_executions_for_thing": Pages("executionSummaries"),
}


def install() -> None:
    """Replace what moto does about jobs, and add events and the devices' side."""
    for operation in _REPLACED:
        _put(replace, operation)
    for operation in _ADDED:
        _put(add, operation)
    for part in (iot_jobs_data, iot_jobs_mqtt, iot_shadow_mqtt, presigned):
        part.install()


def _put(into: Callable[..., None], operation: Operation) -> None:
    name = operation.__name__.removeprefix("_")  # as moto calls its method

    def answer(response: Any) -> ActionResult:
        with opened(response.current_account, response.region) as (jobs, now):
            result = operation(response.iot_backend, jobs, now, members(response))
        return EmptyResult() if result is None else ActionResult(result)

    into(IoTResponse, **{name: in_pages(_PAGED[name], answer) if name in _PAGED else answer})


def _create_job(backend: Any, jobs: Jobs, now: datetime, asked: dict[str, Any]) -> Any:
    asked = {name: value for name, value in asked.items() if value is not None}
    if asked["jobId"] in jobs.by_id:
        raise AlreadyExists(f"Job {asked['jobId']} already exists")
    check_new(asked)
    things = list(dict.fromkeys(thing for target in asked["targets"] for thing in _things_of(backend, target)))
    arn = f"arn:aws:iot:{backend.region_name}:{backend.account_id}:job/{asked['jobId']}"
    jobs.roll_out(Job(arn, asked, document_of(asked, backend.account_id), now, now), things, now)
    return {"jobArn": arn, "jobId": asked["jobId"], "description": asked.get("description")}


def _things_of(backend: Any, target: str) -> Iterable[str]:
    if target in backend.things:
        return [target]
    if target in backend.thing_groups:
        return list(backend.thing_groups[target].things)
    raise NotFound(f"The target {target} does not exist")


_SHOWN = (
    "jobId",
    "targets",
    "description",
    "presignedUrlConfig",
    "abortConfig",
    "timeoutConfig",
    "jobExecutionsRetryConfig",
)


def _described(job: Job) -> dict[str, Any]:
    return {name: job.asked.get(name) for name in _SHOWN} | {
        "jobArn": job.arn,
        "targetSelection": job.asked.get("targetSelection", "SNAPSHOT"),
        "status": job.status,
        "forceCanceled": job.is_forced or None,
        "reasonCode": job.reason_code,
        "comment": job.comment,
        "createdAt": job.created_at,
        "lastUpdatedAt": job.last_updated_at,
        "completedAt": job.completed_at,
        "jobProcessDetails": job.process_details(),
        "isConcurrent": False,
    }


def _describe_job(_backend: Any, jobs: Jobs, _now: datetime, asked: dict[str, Any]) -> Any:
    job = jobs.job(asked["jobId"])
    return {"documentSource": job.asked.get("documentSource"), "job": _described(job)}


def _get_job_document(_backend: Any, jobs: Jobs, _now: datetime, asked: dict[str, Any]) -> Any:
    return {"document": jobs.job(asked["jobId"]).document}


def _list_jobs(_backend: Any, jobs: Jobs, _now: datetime, asked: dict[str, Any]) -> Any:
    wanted = {name: asked.get(name) for name in ("status", "targetSelection")}
    shown = [_described(job) for job in jobs.by_id.values()]
    return {"jobs": [job for job in shown if all(value in (None, job[name]) for name, value in wanted.items())]}


def _cancel_job(_backend: Any, jobs: Jobs, now: datetime, asked: dict[str, Any]) -> Any:
    job = jobs.job(asked["jobId"])
    if job.status == "COMPLETED":
        # CancelJob has no error of its own for it (botocore), so this is the one that is left (L).
        raise InvalidRequest(f"Job {job.job_id} is {job.status} and cannot be canceled.")
    job.reason_code, job.comment = asked.get("reasonCode") or job.reason_code, asked.get("comment") or job.comment
    jobs.cancel(job, now, force=bool(asked.get("force")))
    return {"jobArn": job.arn, "jobId": job.job_id, "description": job.asked.get("description")}


def _delete_job(_backend: Any, jobs: Jobs, now: datetime, asked: dict[str, Any]) -> Any:
    job = jobs.job(asked["jobId"])
    if job.status == "IN_PROGRESS" and not asked.get("force"):
        raise InvalidStateTransition(f"Job {job.job_id} is {job.status} and is deleted by force only.")
    jobs.delete(job, now)


def _describe_job_execution(_backend: Any, jobs: Jobs, now: datetime, asked: dict[str, Any]) -> Any:
    execution = jobs.execution(asked["jobId"], asked["thingName"], asked.get("executionNumber"))
    described = {
        "jobId": execution.job_id,
        "thingArn": execution.thing_arn,
        "statusDetails": {"detailsMap": dict(execution.details)},
        "forceCanceled": execution.is_forced or None,
        "versionNumber": execution.version,
        "approximateSecondsBeforeTimedOut": execution.seconds_left(now),
    }
    return {"execution": _summary(execution) | described}


def _summary(execution: Execution) -> dict[str, Any]:
    return {
        "status": execution.status,
        "queuedAt": execution.queued_at,
        "startedAt": execution.started_at,
        "lastUpdatedAt": execution.last_updated_at,
        "executionNumber": execution.number,
    }


def _cancel_job_execution(_backend: Any, jobs: Jobs, now: datetime, asked: dict[str, Any]) -> Any:
    execution = jobs.execution(asked["jobId"], asked["thingName"])
    check_details(asked.get("statusDetails"))
    if asked.get("expectedVersion") not in (None, execution.version):
        raise VersionConflict(f"The version of the job execution is {execution.version}.")
    if execution.is_over or (execution.status == "IN_PROGRESS" and not asked.get("force")):
        raise InvalidStateTransition(f"The job execution is {execution.status}.")
    execution.is_forced = bool(asked.get("force"))
    jobs.end(execution, "CANCELED", now, asked.get("statusDetails"))


def _delete_job_execution(_backend: Any, jobs: Jobs, now: datetime, asked: dict[str, Any]) -> Any:
    execution = jobs.execution(asked["jobId"], asked["thingName"], asked["executionNumber"])
    if execution.status == "IN_PROGRESS" and not asked.get("force"):
        raise InvalidStateTransition(f"The job execution is {execution.status} and is deleted by force only.")
    jobs.forget(execution, now)


def _list_job_executions_for_job(_backend: Any, jobs: Jobs, _now: datetime, asked: dict[str, Any]) -> Any:
    found = [one for one in jobs.job(asked["jobId"]).executions() if asked.get("status") in (None, one.status)]
    return {"executionSummaries": [{"thingArn": one.thing_arn, "jobExecutionSummary": _summary(one)} for one in found]}


def _list_job_executions_for_thing(backend: Any, jobs: Jobs, _now: datetime, asked: dict[str, Any]) -> Any:
    backend.describe_thing(asked["thingName"])  # raises what AWS answers where there is no such thing
    found = [
        one
        for job in jobs.by_id.values()
        for one in job.attempts.get(asked["thingName"], [])
        if asked.get("status") in (None, one.status) and asked.get("jobId") in (None, one.job_id)
    ]
    return {"executionSummaries": [{"jobId": one.job_id, "jobExecutionSummary": _summary(one)} for one in found]}


def _update_event_configurations(_backend: Any, jobs: Jobs, _now: datetime, asked: dict[str, Any]) -> Any:
    for kind, configuration in (asked.get("eventConfigurations") or {}).items():
        jobs.events.enabled[kind] = bool((configuration or {}).get("Enabled"))
    return {}


def _describe_event_configurations(_backend: Any, jobs: Jobs, _now: datetime, _asked: dict[str, Any]) -> Any:
    return {"eventConfigurations": {kind: {"Enabled": enabled} for kind, enabled in jobs.events.enabled.items()}}


_REPLACED: tuple[Operation, ...] = (
    _create_job,
    _describe_job,
    _cancel_job,
    _delete_job,
    _get_job_document,
    _list_jobs,
    _describe_job_execution,
    _cancel_job_execution,
    _delete_job_execution,
    _list_job_executions_for_job,
    _list_job_executions_for_thing,
)
_ADDED: tuple[Operation, ...] = (_update_event_configurations, _describe_event_configurations)
