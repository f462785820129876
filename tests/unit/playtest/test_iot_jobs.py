"""Jobs in the local AWS go through AWS's states, on its clock, and what AWS refuses about them is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from playtest.fleet import DemoFleet
from tests.unit.playtest.jobs import create_job, execution, idle, refusal, status
from tests.unit.playtest.watched_fleet import wait

FleetMaker = Callable[..., DemoFleet]


@pytest.fixture
def fleet(fleet_of: FleetMaker) -> DemoFleet:
    """Three pumps that take no job, so that a test does."""
    return idle(fleet_of("pump-01", "pump-02", "pump-03"))


@pytest.fixture
def device(fleet: DemoFleet) -> Any:
    """The data plane, as a device uses it over HTTPS."""
    return fleet.aws.client("iot-jobs-data")


def finish(device: Any, thing: str, became: str, job_id: str = "job") -> None:
    """Let a thing take a job and say what became of it."""
    device.start_next_pending_job_execution(thingName=thing)
    device.update_job_execution(jobId=job_id, thingName=thing, status=became)


def test_an_execution_goes_from_queued_to_its_end(fleet: DemoFleet, device: Any) -> None:
    """Its version counts up, its times are the local AWS's, and the job is completed with its last execution."""
    create_job(fleet, "pump-01", "pump-02", description="d")
    queued = execution(fleet)
    assert (queued["status"], queued["versionNumber"], queued["executionNumber"]) == ("QUEUED", 1, 1)
    assert "startedAt" not in queued
    wait(fleet, 3600)
    started = device.start_next_pending_job_execution(thingName="pump-01", statusDetails={"step": "1"})["execution"]
    assert (started["jobId"], started["status"], started["versionNumber"]) == ("job", "IN_PROGRESS", 2)
    assert (started["jobDocument"], started["statusDetails"]) == ("{}", {"step": "1"})
    found = execution(fleet)
    assert 3600 <= (found["startedAt"] - queued["queuedAt"]).total_seconds() < 3660
    device.update_job_execution(jobId="job", thingName="pump-01", status="SUCCEEDED", expectedVersion=2)
    ended = execution(fleet)
    assert (ended["status"], ended["versionNumber"]) == ("SUCCEEDED", 3)
    assert ended["statusDetails"]["detailsMap"] == {"step": "1"}
    assert fleet.iot.describe_job(jobId="job")["job"]["status"] == "IN_PROGRESS"
    finish(device, "pump-02", "REJECTED")
    job = fleet.iot.describe_job(jobId="job")["job"]
    counted = {name: job["jobProcessDetails"][f"numberOf{name}Things"] for name in ("Succeeded", "Rejected", "Queued")}
    assert (job["status"], counted) == ("COMPLETED", {"Succeeded": 1, "Rejected": 1, "Queued": 0})
    assert job["completedAt"] >= ended["lastUpdatedAt"]


def test_what_is_over_stays_as_it_is(fleet: DemoFleet, device: Any) -> None:
    """A device that comes again is refused, and one that asks for the document is told that it is over."""
    create_job(fleet)
    finish(device, "pump-01", "FAILED")
    for became in ("IN_PROGRESS", "SUCCEEDED"):
        found = refusal(device.update_job_execution, jobId="job", thingName="pump-01", status=became)
        assert found == ("InvalidStateTransitionException", 409)
    assert refusal(device.describe_job_execution, jobId="job", thingName="pump-01") == ("TerminalStateException", 410)
    assert status(fleet) == "FAILED"


def test_an_update_may_expect_a_version(fleet: DemoFleet, device: Any) -> None:
    """Another one is refused, and nothing is changed."""
    create_job(fleet)
    device.start_next_pending_job_execution(thingName="pump-01")
    update = device.update_job_execution
    found = refusal(update, jobId="job", thingName="pump-01", status="SUCCEEDED", expectedVersion=1)
    assert found[1] == 409
    assert (status(fleet), execution(fleet)["versionNumber"]) == ("IN_PROGRESS", 2)
    asked = {
        "status": "IN_PROGRESS",
        "expectedVersion": 2,
        "includeJobExecutionState": True,
        "includeJobDocument": True,
    }
    answer = update(jobId="job", thingName="pump-01", **asked)
    assert (answer["executionState"]["versionNumber"], answer["jobDocument"]) == (3, "{}")


@pytest.mark.parametrize(
    "details",
    [
        {str(number): "x" for number in range(11)},
        {"csr": "x" * 1025},
        {"csr": "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n"},
        {"a b": "x"},
        {"k" * 129: "x"},
    ],
)
def test_status_details_have_limits(fleet: DemoFleet, device: Any, details: dict[str, str]) -> None:
    """Ten pairs, 1,024 characters, no control character in a value: a PEM with its line breaks is refused."""
    create_job(fleet)
    start, update = device.start_next_pending_job_execution, device.update_job_execution
    assert refusal(start, thingName="pump-01", statusDetails=details) == ("InvalidRequestException", 400)
    asked = {"status": "SUCCEEDED", "statusDetails": details}
    assert refusal(update, jobId="job", thingName="pump-01", **asked) == ("InvalidRequestException", 400)
    assert (status(fleet), execution(fleet)["versionNumber"]) == ("QUEUED", 1)
    full = {str(number): "x" * 1024 for number in range(10)}
    device.start_next_pending_job_execution(thingName="pump-01", statusDetails=full)
    assert execution(fleet)["statusDetails"]["detailsMap"] == full


def test_a_device_sets_no_state_that_is_not_its_own(fleet: DemoFleet, device: Any) -> None:
    """TIMED_OUT, REMOVED and CANCELED are AWS's to say."""
    create_job(fleet)
    for became in ("QUEUED", "TIMED_OUT", "REMOVED", "CANCELED", "DONE"):
        assert refusal(device.update_job_execution, jobId="job", thingName="pump-01", status=became)[1] == 400
    assert status(fleet) == "QUEUED"


def test_what_takes_too_long_times_out(fleet: DemoFleet, device: Any) -> None:
    """The timer runs from when the thing has taken the job, on virtual time; what is queued waits for ever."""
    create_job(fleet, "pump-01", "pump-02", timeoutConfig={"inProgressTimeoutInMinutes": 20})
    wait(fleet, 86_400)
    device.start_next_pending_job_execution(thingName="pump-01")
    assert execution(fleet)["approximateSecondsBeforeTimedOut"] in range(1190, 1201)
    wait(fleet, 19 * 60)
    assert status(fleet) == "IN_PROGRESS"
    wait(fleet, 61)
    assert (status(fleet), status(fleet, "pump-02")) == ("TIMED_OUT", "QUEUED")
    assert refusal(device.update_job_execution, jobId="job", thingName="pump-01", status="SUCCEEDED")[1] == 409


def test_a_step_timer_cannot_outlast_the_job(fleet: DemoFleet, device: Any) -> None:
    """The example of the developer guide: 20 minutes in all, steps of 7, 5 and 9."""
    create_job(fleet, timeoutConfig={"inProgressTimeoutInMinutes": 20})

    def step(minutes: int) -> None:
        asked = {"status": "IN_PROGRESS", "stepTimeoutInMinutes": minutes}
        device.update_job_execution(jobId="job", thingName="pump-01", **asked)

    device.start_next_pending_job_execution(thingName="pump-01")
    for minutes, allowed in ((5, 7), (5, 5), (3, 9)):
        wait(fleet, minutes * 60)
        step(allowed)
    wait(fleet, 6 * 60)
    assert status(fleet) == "IN_PROGRESS"
    wait(fleet, 61)
    assert status(fleet) == "TIMED_OUT"


def test_a_failure_is_retried_as_often_as_the_job_says(fleet: DemoFleet, device: Any) -> None:
    """Each attempt has its number and its end, and the job goes on until the last."""
    create_job(fleet, jobExecutionsRetryConfig={"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 2}]})
    for number in (1, 2, 3):
        assert (status(fleet), execution(fleet)["executionNumber"]) == ("QUEUED", number)
        finish(device, "pump-01", "FAILED")
        assert execution(fleet, executionNumber=number)["status"] == "FAILED"
    assert fleet.iot.describe_job(jobId="job")["job"]["status"] == "COMPLETED"
    assert device.get_pending_job_executions(thingName="pump-01")["queuedJobs"] == []


def test_too_many_failures_abort_the_job(fleet: DemoFleet, device: Any) -> None:
    """What is queued is canceled; what is in progress goes on."""
    criterion = {"failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 50, "minNumberOfExecutedThings": 1}
    create_job(fleet, "pump-01", "pump-02", "pump-03", abortConfig={"criteriaList": [criterion]})
    device.start_next_pending_job_execution(thingName="pump-03")
    finish(device, "pump-01", "FAILED")
    found = [status(fleet, name) for name in ("pump-01", "pump-02", "pump-03")]
    assert found == ["FAILED", "CANCELED", "IN_PROGRESS"]
    assert fleet.iot.describe_job(jobId="job")["job"]["status"] == "CANCELED"
    device.update_job_execution(jobId="job", thingName="pump-03", status="SUCCEEDED")
    assert status(fleet, "pump-03") == "SUCCEEDED"


def test_a_canceled_job_leaves_what_is_in_progress_unless_forced(fleet: DemoFleet, device: Any) -> None:
    """And one that is completed cannot be canceled."""
    create_job(fleet, "pump-01", "pump-02")
    device.start_next_pending_job_execution(thingName="pump-01")
    fleet.iot.cancel_job(jobId="job", reasonCode="WRONG", comment="not this one")
    assert (status(fleet), status(fleet, "pump-02")) == ("IN_PROGRESS", "CANCELED")
    fleet.iot.cancel_job(jobId="job", force=True)
    assert (status(fleet), execution(fleet)["forceCanceled"]) == ("CANCELED", True)
    job = fleet.iot.describe_job(jobId="job")["job"]
    assert (job["status"], job["reasonCode"], job["comment"]) == ("CANCELED", "WRONG", "not this one")
    create_job(fleet, job_id="other")
    finish(device, "pump-01", "SUCCEEDED", "other")
    assert refusal(fleet.iot.cancel_job, jobId="other")[0] == "InvalidRequestException"


def test_an_execution_in_progress_is_canceled_by_force_only(fleet: DemoFleet, device: Any) -> None:
    """With the version that is expected, and never once it is over."""
    create_job(fleet)
    device.start_next_pending_job_execution(thingName="pump-01")
    cancel = fleet.iot.cancel_job_execution
    asked = {"jobId": "job", "thingName": "pump-01"}
    assert refusal(cancel, **asked) == ("InvalidStateTransitionException", 409)
    assert refusal(cancel, **asked, force=True, expectedVersion=1) == ("VersionConflictException", 409)
    assert status(fleet) == "IN_PROGRESS"
    cancel(**asked, force=True, expectedVersion=2, statusDetails={"why": "late"})
    assert execution(fleet)["statusDetails"]["detailsMap"] == {"why": "late"}
    assert refusal(cancel, **asked, force=True) == ("InvalidStateTransitionException", 409)
    assert status(fleet) == "CANCELED"


def test_a_job_in_progress_is_deleted_by_force_only(fleet: DemoFleet) -> None:
    """And is gone afterwards, its executions too."""
    create_job(fleet)
    assert refusal(fleet.iot.delete_job, jobId="job") == ("InvalidStateTransitionException", 409)
    fleet.iot.delete_job(jobId="job", force=True)
    assert refusal(fleet.iot.describe_job, jobId="job") == ("ResourceNotFoundException", 404)
    assert fleet.iot.list_job_executions_for_thing(thingName="pump-01")["executionSummaries"] == []


def test_the_jobs_of_a_thing_that_is_no_more_are_removed(fleet: DemoFleet) -> None:
    """Its execution is over, and with it the job."""
    create_job(fleet)
    for principal in fleet.broker.registry.principals_of("pump-01"):
        fleet.iot.detach_thing_principal(thingName="pump-01", principal=principal)
    fleet.iot.delete_thing(thingName="pump-01")
    assert status(fleet) == "REMOVED"
    assert fleet.iot.describe_job(jobId="job")["job"]["status"] == "COMPLETED"


def test_what_is_in_progress_comes_before_what_is_queued(fleet: DemoFleet, device: Any) -> None:
    """And a thing does one job after the other, in the order in which they came."""
    for job_id in ("first", "second"):
        create_job(fleet, job_id=job_id)
        wait(fleet, 1)
    started = device.start_next_pending_job_execution
    assert [started(thingName="pump-01")["execution"]["jobId"] for _ in range(2)] == ["first", "first"]
    pending = device.get_pending_job_executions(thingName="pump-01")
    found = {name: [job["jobId"] for job in pending[name]] for name in ("inProgressJobs", "queuedJobs")}
    assert found == {"inProgressJobs": ["first"], "queuedJobs": ["second"]}
    assert device.describe_job_execution(jobId="$next", thingName="pump-01")["execution"]["jobId"] == "first"
    assert "execution" not in started(thingName="pump-02")
    assert refusal(started, thingName="nobody") == ("ResourceNotFoundException", 404)


def test_executions_are_listed_by_state_and_in_pages(fleet: DemoFleet, device: Any) -> None:
    """Of a job, and of a thing."""
    create_job(fleet, "pump-01", "pump-02", "pump-03")
    finish(device, "pump-02", "SUCCEEDED")
    pages = list(fleet.iot.get_paginator("list_job_executions_for_job").paginate(jobId="job", maxResults=2))
    assert [len(page["executionSummaries"]) for page in pages] == [2, 1]
    [found] = fleet.iot.list_job_executions_for_job(jobId="job", status="SUCCEEDED")["executionSummaries"]
    assert found["thingArn"].endswith("/pump-02")
    assert fleet.iot.list_job_executions_for_thing(thingName="pump-01", status="SUCCEEDED")["executionSummaries"] == []
    [own] = fleet.iot.list_job_executions_for_thing(thingName="pump-01")["executionSummaries"]
    assert (own["jobId"], own["jobExecutionSummary"]["status"]) == ("job", "QUEUED")
