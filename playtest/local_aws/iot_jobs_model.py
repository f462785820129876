"""A job of AWS IoT and its executions: the states that there are, and what is told of each.

AWS IoT developer guide, "Jobs and job execution states" and "How job configurations work".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

TERMINAL = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED"})
"""The states that an execution never leaves."""

SETTABLE = ("IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED")
"""The states that a device may report; the others are AWS's own."""

_RETRIED = ("FAILED", "TIMED_OUT")
_FAILURES = (*_RETRIED, "REJECTED")
_COUNTED = ("QUEUED", "IN_PROGRESS", *sorted(TERMINAL))
_NAMES = {"TIMED_OUT": "TimedOut", "IN_PROGRESS": "InProgress"}

Details = dict[str, str]


@dataclass
class Execution:
    """One attempt of one thing at a job. Times are aware, in UTC; `number` counts the attempts from 1."""

    job_id: str
    thing_arn: str
    number: int
    queued_at: datetime
    last_updated_at: datetime
    status: str = "QUEUED"
    version: int = 1
    details: Details = field(default_factory=dict)
    started_at: datetime | None = None
    is_forced: bool = False
    deadline: datetime | None = None
    """When the in-progress timer of its job runs out."""
    step_deadline: datetime | None = None
    """When the timer that its device has set runs out; it cannot reach beyond `deadline`."""

    @property
    def thing_name(self) -> str:
        """Return the name of the thing."""
        return self.thing_arn.rpartition("/")[2]

    @property
    def is_over(self) -> bool:
        """Say whether it is in a terminal state."""
        return self.status in TERMINAL

    @property
    def times_out_at(self) -> datetime | None:
        """Return when it times out; None while no timer runs."""
        timers = [timer for timer in (self.deadline, self.step_deadline) if timer is not None]
        return min(timers) if timers and self.status == "IN_PROGRESS" else None

    def move(self, status: str, at: datetime, details: Details | None = None) -> None:
        """Put it into a state: one version more, and the details anew where there are any."""
        self.status, self.last_updated_at = status, at
        self.version += 1
        self.details = dict(details) if details is not None else self.details
        if status == "IN_PROGRESS" and self.started_at is None:
            self.started_at = at

    def seconds_left(self, now: datetime) -> int | None:
        """Return the seconds before it times out; None where it does not."""
        return None if self.times_out_at is None else max(0, int((self.times_out_at - now).total_seconds()))


@dataclass
class Job:
    """A job: what CreateJob was asked (`asked`, in the API's words), its document, and an execution for each thing."""

    arn: str
    asked: Mapping[str, Any]
    document: str
    created_at: datetime
    last_updated_at: datetime
    status: str = "IN_PROGRESS"
    completed_at: datetime | None = None
    reason_code: str | None = None
    comment: str | None = None
    is_forced: bool = False
    attempts: dict[str, list[Execution]] = field(default_factory=dict)
    """By thing name, the newest attempt last."""

    @property
    def job_id(self) -> str:
        """Return its id."""
        return str(self.asked["jobId"])

    @property
    def timeout(self) -> timedelta | None:
        """Return for how long an execution may be in progress; None for as long as it likes."""
        minutes = (self.asked.get("timeoutConfig") or {}).get("inProgressTimeoutInMinutes")
        return None if minutes is None else timedelta(minutes=minutes)

    def executions(self) -> list[Execution]:
        """Return the newest attempt of each thing."""
        return [attempts[-1] for attempts in self.attempts.values()]

    def attempt(self, thing_arn: str, at: datetime) -> Execution:
        """Queue a first or a further attempt of a thing, and return it."""
        attempts = self.attempts.setdefault(thing_arn.rpartition("/")[2], [])
        attempts.append(Execution(self.job_id, thing_arn, len(attempts) + 1, at, at))
        return attempts[-1]

    def may_retry(self, execution: Execution) -> bool:
        """Say whether the job allows a further attempt after this one, which has failed or timed out."""
        criteria = (self.asked.get("jobExecutionsRetryConfig") or {}).get("criteriaList", ())
        attempts = self.attempts[execution.thing_name]
        for criterion in criteria:
            kinds = _kinds(criterion, _RETRIED)
            if execution.status in kinds:
                return sum(attempt.status in kinds for attempt in attempts) <= int(criterion["numberOfRetries"])
        return False

    def is_to_abort(self) -> bool:
        """Say whether too many executions have failed, by the job's own criteria.

        The share is of the executions that are over: what AWS divides by is not documented exactly (L).
        """
        statuses = Counter(execution.status for execution in self.executions() if execution.is_over)
        finished = statuses.total()
        for criterion in (self.asked.get("abortConfig") or {}).get("criteriaList", ()):
            failed = sum(statuses[kind] for kind in _kinds(criterion, _FAILURES))
            is_enough = finished >= criterion["minNumberOfExecutedThings"]
            if is_enough and failed and failed * 100 >= criterion["thresholdPercentage"] * finished:
                return True
        return False

    def process_details(self) -> dict[str, Any]:
        """Return how many things are in which state, as `jobProcessDetails`."""
        statuses = Counter(execution.status for execution in self.executions())
        counts = {f"numberOf{_NAMES.get(name, name.capitalize())}Things": statuses[name] for name in _COUNTED}
        return {"processingTargets": list(self.asked["targets"]) if self.status == "IN_PROGRESS" else [], **counts}


def _kinds(criterion: Mapping[str, Any], everything: tuple[str, ...]) -> tuple[str, ...]:
    """Return the states that a criterion of a retry or an abortion is about."""
    return everything if criterion["failureType"] == "ALL" else (str(criterion["failureType"]),)
