"""The service `iot-jobs-data`, which moto does not have: routed and serialised by botocore's model of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from moto import backend_index
from moto.core.responses import ActionResult, BaseResponse
from moto.iotdata import urls

from playtest.local_aws.iot_jobs_device_side import perform
from playtest.local_aws.moto_methods import MotoChanged
from playtest.local_aws.request_shapes import members

_HOST = r"https?://data\.jobs\.iot\.(.+)\.amazonaws\.com"


class JobsDataResponse(BaseResponse):
    """Answers a request of the service, as moto's own classes do for theirs."""

    def __init__(self) -> None:
        super().__init__(service_name="iot-jobs-data")

    def get_pending_job_executions(self) -> ActionResult:
        """GetPendingJobExecutions."""
        return self._perform("GetPendingJobExecutions")

    def start_next_pending_job_execution(self) -> ActionResult:
        """StartNextPendingJobExecution."""
        return self._perform("StartNextPendingJobExecution")

    def describe_job_execution(self) -> ActionResult:
        """DescribeJobExecution."""
        return self._perform("DescribeJobExecution")

    def update_job_execution(self) -> ActionResult:
        """UpdateJobExecution."""
        return self._perform("UpdateJobExecution")

    def _perform(self, operation: str) -> ActionResult:
        asked = {name: value for name, value in members(self).items() if value is not None}
        return ActionResult(perform(self.current_account, self.region, operation, asked))


@cache
def install() -> None:
    """Let moto route the service's host here, once per process; it shares the backend of `iot-data`."""
    if any(pattern.match("https://data.jobs.iot.eu-west-1.amazonaws.com/") for _, pattern in _patterns()):
        raise MotoChanged("moto has its own iot-jobs-data now")
    _patterns().append(("iotdata", re.compile(_HOST)))
    paths: dict[str, Callable[..., Any]] = urls.url_paths
    paths[_HOST + "/.*$"] = JobsDataResponse.dispatch


def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    patterns: list[tuple[str, re.Pattern[str]]] = backend_index.backend_url_patterns
    return patterns
