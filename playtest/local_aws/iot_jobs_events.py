"""What AWS IoT tells of jobs, on `$aws/events/job/…` and `$aws/events/jobExecution/…`: nothing unless it is enabled.

AWS IoT developer guide, "Jobs events". Messages of a device's own requests never come this way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from playtest.local_aws.iot_jobs_model import Execution, Job

TYPES = (
    "THING",
    "THING_GROUP",
    "THING_TYPE",
    "THING_GROUP_MEMBERSHIP",
    "THING_GROUP_HIERARCHY",
    "THING_TYPE_ASSOCIATION",
    "JOB",
    "JOB_EXECUTION",
    "POLICY",
    "CERTIFICATE",
    "CA_CERTIFICATE",
)
"""botocore, iot, EventType."""

Message = tuple[str, Mapping[str, Any]]
"""A topic and what is said on it."""

_STATUS = {
    "cancellation_in_progress": "CANCELLATION_IN_PROGRESS",
    "deletion_in_progress": "DELETION_IN_PROGRESS",
    "deleted": "DELETED",
}


class JobEvents:
    """Which events are enabled, and what is to be told once whoever changes a job has let go of it."""

    def __init__(self) -> None:
        self.enabled = dict.fromkeys(TYPES, False)
        self._untold: list[Message] = []

    def of_execution(self, execution: Execution, operation: str, at: datetime) -> None:
        """Note that an execution came to a terminal state, or was deleted; then it tells the status before that."""
        said: dict[str, Any] = {"thingArn": execution.thing_arn, "status": execution.status}
        said |= {"statusDetails": dict(execution.details)} if execution.details else {}
        self._note("JOB_EXECUTION", f"jobExecution/{execution.job_id}", operation, at, jobId=execution.job_id, **said)

    def of_job(self, job: Job, operation: str, at: datetime) -> None:
        """Note that a job is completed, canceled or deleted, or on the way there."""
        said: dict[str, Any] = {
            "status": _STATUS.get(operation, job.status),
            "targetSelection": job.asked.get("targetSelection", "SNAPSHOT"),
            "targets": list(job.asked["targets"]),
            "description": job.asked.get("description"),
            "createdAt": _milliseconds(job.created_at),
            "lastUpdatedAt": _milliseconds(job.last_updated_at),
            "comment": job.comment,
        }
        if operation == "completed":
            said |= {"completedAt": _milliseconds(at), "jobProcessDetails": job.process_details()}
        said = {name: value for name, value in said.items() if value is not None}
        self._note("JOB", f"job/{job.job_id}", operation, at, jobId=job.job_id, **said)

    def take(self) -> Iterator[Message]:
        """Return what is to be told, in the order in which it happened; the next time it is not told again."""
        untold, self._untold = self._untold, []
        return iter(untold)

    def _note(self, kind: str, about: str, operation: str, at: datetime, **said: Any) -> None:
        if self.enabled[kind]:
            head = {"eventType": kind, "eventId": str(uuid4()), "timestamp": int(at.timestamp())}
            self._untold.append((f"$aws/events/{about}/{operation}", {**head, "operation": operation, **said}))


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
