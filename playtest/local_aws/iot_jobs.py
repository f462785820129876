"""Jobs as AWS IoT creates them: an id is taken once, targets exist, and a group stands for its things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.iot.models import FakeJobExecution, IoTBackend

from playtest.local_aws.iot_errors import AlreadyExists, NotFound
from playtest.local_aws.moto_methods import replace

_create: Callable[..., tuple[str, str, str]] = IoTBackend.create_job


def install() -> None:
    """Replace what moto does wrong about jobs."""
    replace(IoTBackend, create_job=create_job)


def create_job(backend: Any, *, job_id: str, targets: list[str], **more: Any) -> tuple[str, str, str]:
    """CreateJob: refuses an id that is taken and a target that is not there; every thing has one execution."""
    if job_id in backend.jobs:
        raise AlreadyExists(f"Job {job_id} already exists")
    things = dict.fromkeys(thing for target in targets for thing in _things_of(backend, target))
    # moto makes an execution of every target, a group too: let it make none, and make those of the things.
    created = _create(backend, job_id=job_id, targets=[], **more)
    backend.jobs[job_id].targets = targets
    for thing_arn in things:
        backend.job_executions[job_id, thing_arn.rpartition("/")[2]] = FakeJobExecution(job_id, thing_arn)
    backend.jobs[job_id].job_process_details |= {"processingTargets": targets, "numberOfQueuedThings": len(things)}
    return created


def _things_of(backend: Any, target: str) -> list[str]:
    if target in backend.things:
        return [target]
    if target in backend.thing_groups:
        return list(backend.thing_groups[target].things)
    raise NotFound(f"The target {target} does not exist")
