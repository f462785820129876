"""What happens to jobs reaches IoT rules and their queue, and the devices of a local AWS act by themselves."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from playtest.behaviours import JOB_BEHAVIOURS, LATE
from playtest.local_aws import LocalAws, topic_rules
from playtest.local_aws.iam_actions import Need, needs
from tests.unit.playtest.jobs import ROLE, create_job, execution, make_role, put_artefact, refusal, status
from tests.unit.playtest.local_aws.conftest import StartMiniature
from tests.unit.playtest.local_aws.test_task_tokens import ask

ACCOUNT = "123456789012"
OURS = (
    "SELECT *, topic(4) AS job, topic(5) AS became FROM '$aws/events/jobExecution/+/+' WHERE startswith(jobId, 'our')"
)
JOBS = "SELECT operation AS operation FROM '$aws/events/job/+/+'"


@pytest.fixture
def aws(start_miniature: StartMiniature) -> Iterator[LocalAws]:
    """The miniature with the fleet in it, whose pump-01 takes no job, and a queue that nobody polls."""
    with start_miniature(with_fleet=True) as running:
        running.client("sqs").create_queue(QueueName="news")
        behave(running, "never-answers")
        yield running


def behave(aws: LocalAws, name: str, thing: str = "pump-01") -> None:
    """Let a device behave so about its jobs."""
    aws.fleet.thing(thing).device.agent.behaviour = JOB_BEHAVIOURS[name]


def grant(aws: LocalAws, role: str, action: str, resource: str) -> None:
    """Let a role do this, and nothing else."""
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}
    aws.client("iam").put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=json.dumps(allow))


def tell(aws: LocalAws, *enabled: str, sql: str = OURS, action: str = "sqs:SendMessage", **more: Any) -> None:
    """Enable events, and make a rule that sends them to the queue with a role that may do one action."""
    aws.client("iot").update_event_configurations(eventConfigurations={kind: {"Enabled": True} for kind in enabled})
    make_role(aws.fleet, name="RuleRole")
    grant(aws, "RuleRole", action, f"arn:aws:sqs:{aws.region}:{ACCOUNT}:news")
    url = aws.client("sqs").get_queue_url(QueueName="news")["QueueUrl"]
    sqs = {"RoleArn": ROLE.replace("JobRole", "RuleRole"), "QueueUrl": url, **more}
    payload = {"Sql": sql, "AwsIotSqlVersion": "2016-03-23", "Actions": [{"Sqs": sqs}]}
    topic_rules.create(aws.region, "news", {"TopicRulePayload": payload})


def heard(aws: LocalAws) -> list[str]:
    """The bodies of all messages in the queue."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="news")["QueueUrl"]
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_a_device_acts_by_itself_and_its_end_is_told(aws: LocalAws) -> None:
    """No Wait passes and nobody ticks: the job is taken, done, and told to the rule that wants it, once."""
    tell(aws, "JOB_EXECUTION")
    behave(aws, "fails")
    for job_id in ("our-job", "a-job-of-others"):
        create_job(aws.fleet, job_id=job_id)
    aws.settle()
    assert [status(aws.fleet, job_id=job_id) for job_id in ("our-job", "a-job-of-others")] == ["FAILED", "FAILED"]
    [told] = [json.loads(body) for body in heard(aws)]
    assert isinstance(told.pop("eventId"), str)
    assert abs(told.pop("timestamp") - aws.clock.now().timestamp()) < 60
    assert told == {
        "eventType": "JOB_EXECUTION",
        "operation": "failed",
        "jobId": "our-job",
        "thingArn": aws.fleet.broker.registry.arn("thing/pump-01"),
        "status": "FAILED",
        "statusDetails": {"reason": JOB_BEHAVIOURS["fails"].reason},
        "job": "our-job",
        "became": "failed",
    }
    assert aws.undelivered == []


def test_nothing_is_told_unless_it_is_enabled(aws: LocalAws) -> None:
    """Events of jobs are not those of executions."""
    tell(aws, "JOB")
    behave(aws, "fails")
    create_job(aws.fleet, job_id="our-job")
    aws.settle()
    assert (status(aws.fleet, job_id="our-job"), heard(aws), aws.undelivered) == ("FAILED", [], [])


def test_a_rule_sends_what_its_role_may_and_in_base64_when_asked(aws: LocalAws) -> None:
    """A role that may not is refused, and the job ends as it does."""
    tell(aws, "JOB_EXECUTION", UseBase64=True)
    create_job(aws.fleet, job_id="our-job")
    aws.client("iot").cancel_job(jobId="our-job")
    [told] = [json.loads(base64.b64decode(body, validate=True)) for body in heard(aws)]
    assert (told["became"], told["status"]) == ("canceled", "CANCELED")
    grant(aws, "RuleRole", "sqs:ReceiveMessage", "*")
    create_job(aws.fleet, job_id="our-other-job")
    aws.client("iot").cancel_job(jobId="our-other-job")
    assert heard(aws) == []
    [refused] = aws.undelivered
    assert "sqs:SendMessage" in refused
    assert status(aws.fleet, job_id="our-other-job") == "CANCELED"


def test_a_time_out_is_told_when_its_time_has_come(aws: LocalAws) -> None:
    """Also where nobody asks for the job any more."""
    tell(aws, "JOB_EXECUTION")
    create_job(aws.fleet, job_id="our-job", timeoutConfig={"inProgressTimeoutInMinutes": 5})
    aws.client("iot-jobs-data").start_next_pending_job_execution(thingName="pump-01")
    aws.clock.advance(290)
    assert heard(aws) == []
    aws.clock.advance(20)
    assert [json.loads(body)["became"] for body in heard(aws)] == ["timed_out"]


def test_the_way_of_a_job_is_told(aws: LocalAws) -> None:
    """What is completed, canceled and deleted, with what is on the way there."""
    tell(aws, "JOB", sql=JOBS)
    iot = aws.client("iot")
    create_job(aws.fleet, job_id="first")
    iot.cancel_job_execution(jobId="first", thingName="pump-01")
    create_job(aws.fleet, job_id="second")
    iot.cancel_job(jobId="second")
    iot.delete_job(jobId="first")
    assert [json.loads(body)["operation"] for body in heard(aws)] == [
        "completed",
        "cancellation_in_progress",
        "canceled",
        "deletion_in_progress",
        "deleted",
    ]


def test_what_a_deleted_execution_was_is_told(aws: LocalAws) -> None:
    """Its last state, and it cannot be asked for any more; what is in progress is deleted by force only."""
    tell(aws, "JOB_EXECUTION")
    iot, asked = aws.client("iot"), {"jobId": "our-job", "thingName": "pump-01", "executionNumber": 1}
    create_job(aws.fleet, job_id="our-job")
    aws.client("iot-jobs-data").start_next_pending_job_execution(thingName="pump-01")
    assert refusal(iot.delete_job_execution, **asked) == ("InvalidStateTransitionException", 409)
    aws.client("iot-jobs-data").update_job_execution(jobId="our-job", thingName="pump-01", status="REJECTED")
    iot.delete_job_execution(**asked)
    told = [json.loads(body) for body in heard(aws)]
    assert [(each["operation"], each["status"]) for each in told] == [("rejected", "REJECTED"), ("deleted", "REJECTED")]
    assert refusal(iot.describe_job_execution, **asked) == ("ResourceNotFoundException", 404)


@pytest.fixture
def url(aws: LocalAws) -> str:
    """A presigned URL, good for a minute, that the data plane has given for a job of pump-01."""
    make_role(aws.fleet)
    grant(aws, "JobRole", "s3:GetObject", "arn:aws:s3:::artefacts/*")
    document = {"url": put_artefact(aws.fleet)}
    create_job(aws.fleet, document=document, presignedUrlConfig={"roleArn": ROLE, "expiresInSec": 60})
    told = aws.client("iot-jobs-data").describe_job_execution(jobId="job", thingName="pump-01")["execution"]
    return str(json.loads(told["jobDocument"])["url"])


def test_a_presigned_url_reads_its_object_until_it_runs_out(aws: LocalAws, url: str) -> None:
    """The job itself keeps the placeholder; each time the document is asked for there is a new URL."""
    assert "s3-presigned-url" in aws.client("iot").get_job_document(jobId="job")["document"]
    assert requests.get(url, timeout=5).content == b"firmware"
    aws.clock.advance(61)
    late = requests.get(url, timeout=5)
    assert (late.status_code, "expired" in late.text) == (403, True)
    told = aws.client("iot-jobs-data").describe_job_execution(jobId="job", thingName="pump-01")["execution"]
    anew = json.loads(told["jobDocument"])["url"]
    assert requests.get(anew, timeout=5).content == b"firmware"


def test_a_presigned_url_is_good_for_nothing_else(aws: LocalAws, url: str) -> None:
    """Another object, another signature, another act."""
    put_artefact(aws.fleet, b"secret", "other.bin")
    other, forged = url.replace("pump/2.0.0.bin", "other.bin"), url[:-1] + ("0" if url[-1] != "0" else "1")
    answers = [requests.get(other, timeout=5), requests.get(forged, timeout=5), requests.put(url, b"x", timeout=5)]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert requests.get(url, timeout=5).content == b"firmware"


def test_a_presigned_url_has_the_rights_of_its_role(aws: LocalAws, url: str) -> None:
    """What the role may no longer, it cannot either; and a device says why it failed."""
    grant(aws, "JobRole", "s3:GetObject", "arn:aws:s3:::artefacts/camera/*")
    assert requests.get(url, timeout=5).status_code == 403
    behave(aws, "good", "pump-02")
    firmware = {"package": "pump", "version": "2.0.0", "url": put_artefact(aws.fleet), "sha256": "0" * 64}
    document = {"schema_version": 1, "operation": "restore", "incident_id": "i", "firmware": firmware, "csr": None}
    create_job(aws.fleet, "pump-02", job_id="restore", document=document, presignedUrlConfig={"roleArn": ROLE})
    aws.settle()
    found = execution(aws.fleet, "pump-02", "restore")
    reason = {"reason": "the artefact could not be downloaded: HTTP 403"}
    assert (found["status"], found["statusDetails"]["detailsMap"]) == ("FAILED", reason)


def test_a_job_needs_its_targets_and_the_role_that_it_passes_on() -> None:
    """A caller is held to each."""
    job, thing = (f"arn:aws:iot:eu-west-1:{ACCOUNT}:{name}" for name in ("job/j", "thing/pump-01"))
    create = {"jobId": "j", "targets": [thing], "presignedUrlConfig": {"roleArn": ROLE}}
    found = needs("iot", "CreateJob", create, "eu-west-1")
    assert set(found) == {Need("iot:CreateJob", job), Need("iot:CreateJob", thing), Need("iam:PassRole", ROLE)}
    describe = needs("iot", "DescribeJobExecution", {"jobId": "j", "thingName": "pump-01"}, "eu-west-1")
    assert set(describe) == {Need("iot:DescribeJobExecution", job), Need("iot:DescribeJobExecution", thing)}


@pytest.mark.parametrize(("behaviour", "ended"), [("fails", ["FAILED"]), ("never-answers", [])])
def test_a_device_acts_while_an_execution_waits(
    aws: LocalAws, tokens: list[str], behaviour: str, ended: list[str]
) -> None:
    """A token rests, so the device's next act is what the clock goes to, and nothing else."""
    tell(aws, "JOB_EXECUTION")
    behave(aws, behaviour)
    made = ask(aws)
    create_job(aws.fleet, job_id="our-job")
    aws.settle()
    assert [json.loads(body)["status"] for body in heard(aws)] == ended
    assert (made.status, len(tokens)) == ("RUNNING", 1)
    assert aws.clock.waited < 60


def test_a_device_that_answers_late_lets_that_time_pass_by_itself(aws: LocalAws, tokens: list[str]) -> None:
    """Half an hour, in which the execution that waits for an hour goes on waiting."""
    tell(aws, "JOB_EXECUTION")
    behave(aws, "answers-late")
    ask(aws)
    create_job(aws.fleet, job_id="our-job", timeoutConfig={"inProgressTimeoutInMinutes": 20})
    aws.settle()
    assert [json.loads(body)["status"] for body in heard(aws)] == ["TIMED_OUT"]
    assert LATE.total_seconds() <= aws.clock.waited < LATE.total_seconds() + 60
    [made] = aws.executions()
    assert made.status == "RUNNING"
