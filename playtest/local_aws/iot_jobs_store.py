"""The jobs of one account and Region: what moves them on, by whom, and by the passing of time.

All of it is done inside `opened`, which one thread has at a time. What is to be told of it (events to rules, news to
devices) is told when that is left: whoever hears of it may ask for jobs again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from moto.iot.models import iot_backends

from playtest.fleet import broker, presence
from playtest.local_aws import runtime
from playtest.local_aws.iot_errors import NotFound
from playtest.local_aws.iot_jobs_events import JobEvents
from playtest.local_aws.iot_jobs_model import Details, Execution, Job

_STORE = "jobs_of_cordon"  # kept on moto's backend, because a backend's attributes end with its mock
_making = threading.Lock()


class Jobs:
    """The jobs by id, and the events about them."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.by_id: dict[str, Job] = {}
        self.events = JobEvents()
        self.has_news = False
        """Whether an execution was queued since the devices were last told."""

    def job(self, job_id: str) -> Job:
        """Return a job; NotFound where there is none."""
        if job_id not in self.by_id:
            raise NotFound(f"Job {job_id} cannot be found.")
        return self.by_id[job_id]

    def execution(self, job_id: str, thing_name: str, number: int | None = None) -> Execution:
        """Return the newest attempt of a thing, or the one of that number; NotFound where there is none."""
        for attempt in reversed(self.job(job_id).attempts.get(thing_name, [])):
            if number in (None, attempt.number):
                return attempt
        raise NotFound(f"The job execution of {job_id} on {thing_name} cannot be found.")

    def pending(self, thing_name: str) -> list[Execution]:
        """Return what a thing has to do: first what is in progress, then what is queued, each in order of time."""
        found = [attempts[-1] for job in self.by_id.values() if (attempts := job.attempts.get(thing_name))]
        open_ones = [execution for execution in found if not execution.is_over]
        return sorted(open_ones, key=lambda one: (one.status != "IN_PROGRESS", one.queued_at))

    def roll_out(self, job: Job, thing_arns: list[str], at: datetime) -> None:
        """Keep a new job, and queue an execution for each of the things; one without things is completed at once."""
        self.by_id[job.job_id] = job
        for thing_arn in thing_arns:
            job.attempt(thing_arn, at)
        self.has_news = True
        self._complete(job, at)

    def start(self, execution: Execution, at: datetime, details: Details | None = None) -> None:
        """Put a queued execution in progress; the job's timer runs from now on."""
        timeout = self.job(execution.job_id).timeout
        execution.move("IN_PROGRESS", at, details)
        execution.deadline = at + timeout if timeout else None

    def end(self, execution: Execution, status: str, at: datetime, details: Details | None = None) -> None:
        """Put an execution into a terminal state, with what follows: a retry, the end of its job or its abortion."""
        job = self.job(execution.job_id)
        execution.move(status, at, details)
        self.events.of_execution(execution, status.lower(), at)
        if job.status == "IN_PROGRESS" and job.may_retry(execution):
            job.attempt(execution.thing_arn, at)
            self.has_news = True
        if job.status == "IN_PROGRESS" and job.is_to_abort():
            self.cancel(job, at, force=False)
        self._complete(job, at)

    def cancel(self, job: Job, at: datetime, *, force: bool) -> None:
        """Cancel a job: what is queued, and with `force` also what is in progress."""
        was, job.status, job.last_updated_at = job.status, "CANCELED", at
        job.is_forced = job.is_forced or force
        if was != "CANCELED":
            self.events.of_job(job, "cancellation_in_progress", at)
        for execution in job.executions():
            if execution.status == "QUEUED" or (force and execution.status == "IN_PROGRESS"):
                execution.is_forced = force
                self.end(execution, "CANCELED", at)
        if was != "CANCELED":
            self.events.of_job(job, "canceled", at)

    def delete(self, job: Job, at: datetime) -> None:
        """Delete a job and every attempt at it."""
        self.events.of_job(job, "deletion_in_progress", at)
        for execution in [one for attempts in job.attempts.values() for one in attempts]:
            self.events.of_execution(execution, "deleted", at)
        del self.by_id[job.job_id]
        self.events.of_job(job, "deleted", at)

    def forget(self, execution: Execution, at: datetime) -> None:
        """Delete one attempt; its thing is no longer part of the job when it was the only one."""
        job = self.job(execution.job_id)
        job.attempts[execution.thing_name].remove(execution)
        if not job.attempts[execution.thing_name]:
            del job.attempts[execution.thing_name]
        self.events.of_execution(execution, "deleted", at)
        self._complete(job, at)

    def pass_time(self, now: datetime, things: Any) -> None:
        """Let time-outs take effect, and end what was to be done by things that are no more (`things`: their ARNs)."""
        for execution in [one for job in self.by_id.values() for one in job.executions() if not one.is_over]:
            due = execution.times_out_at
            if execution.thing_arn not in things:
                self.end(execution, "REMOVED", now)
            elif due is not None and due <= now:
                self.end(execution, "TIMED_OUT", due)

    def _complete(self, job: Job, at: datetime) -> None:
        if job.status == "IN_PROGRESS" and all(execution.is_over for execution in job.executions()):
            job.status, job.completed_at, job.last_updated_at = "COMPLETED", at, at
            self.events.of_job(job, "completed", at)


@contextmanager
def opened(account: str, region: str) -> Iterator[tuple[Jobs, datetime]]:
    """Give the jobs to this thread alone, as they are at this moment of virtual time; then tell what happened."""
    backend = iot_backends[account][region]
    with _making:
        jobs: Jobs = getattr(backend, _STORE, None) or Jobs()
        setattr(backend, _STORE, jobs)
    live = broker.live(account, region)
    with jobs.lock:
        now = live.now() if live else runtime.now()
        jobs.pass_time(now, backend.things)
        try:
            yield jobs, now
        finally:
            has_news, jobs.has_news = jobs.has_news, False
            untold = list(jobs.events.take())
    for topic, message in untold:
        presence.tell(account, region, topic, message)
    if live is not None and has_news:
        live.call_devices()


def pass_time(account: str, region: str) -> None:
    """Let the time-outs of an account and Region take effect: called whenever virtual time has passed."""
    with opened(account, region):
        pass
