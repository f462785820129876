"""A contained device, restored call by call: what containment leaves it is enough for jobs, and for nothing else."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cordon.model.incident import IncidentStatus
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from playtest.behaviours import JOB_BEHAVIOURS
from playtest.local_aws import LocalAws
from playtest.run.record import Record
from tests.unit.playtest.jobs import ROLE, create_job, execution, make_role, status

ALARM = Path(__file__).parents[2] / "events" / "device-defender-detect.in-alarm.messages-sent-contained.json"
THING, PACKAGE, VERSION = "pump-01", "pump-firmware", "2.4.1"
CACHE = 600
"""Seconds after which a policy counts."""


@pytest.fixture
def aws(local_aws: LocalAws) -> LocalAws:
    """pump-01 is contained, and its certificate ACTIVE again, under the quarantine policy alone."""
    local_aws.publish_alarm(ALARM.read_text())
    local_aws.settle()
    [incident] = Record(local_aws).incidents()
    assert (incident.subject, incident.status) == (THING, IncidentStatus.CONTAINED)
    old = local_aws.fleet.certificate_id(THING)
    local_aws.client("iot").update_certificate(certificateId=old, newStatus="ACTIVE")
    local_aws.clock.advance(CACHE)
    local_aws.settle()
    return local_aws


def firmware(aws: LocalAws) -> dict[str, str]:
    """The version of the catalog, its artefact by a URL that its role may read."""
    found = aws.client("iot").get_package_version(packageName=PACKAGE, versionName=VERSION)
    at = found["artifact"]["s3Location"]
    make_role(aws.fleet)
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{at['bucket']}/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [read]})
    aws.client("iam").put_role_policy(RoleName="JobRole", PolicyName="read", PolicyDocument=document)
    url = f"${{aws:iot:s3-presigned-url:https://s3.{aws.region}.amazonaws.com/{at['bucket']}/{at['key']}}}"
    return {"package": PACKAGE, "version": VERSION, "url": url, "sha256": found["attributes"]["sha256"]}


def give_job(aws: LocalAws, job_id: str, operation: str, **told: Any) -> dict[str, str]:
    """Give the thing a job, let everything happen, and return the details that came back."""
    document = {"schema_version": 1, "operation": operation, "incident_id": "by-hand", **told}
    create_job(aws.fleet, THING, job_id=job_id, document=document, presignedUrlConfig={"roleArn": ROLE})
    aws.settle()
    details: dict[str, str] = execution(aws.fleet, THING, job_id)["statusDetails"]["detailsMap"]
    return details


def certify(aws: LocalAws, csr: str) -> dict[str, str]:
    """Make a certificate from the request, with the policy that the thing is under, and attach it to the thing."""
    iot, fleet = aws.client("iot"), aws.fleet
    old = fleet.broker.registry.certificate_arn(fleet.certificate_id(THING))
    [policy] = iot.list_attached_policies(target=old)["policies"]
    pem = x509.load_der_x509_csr(base64.b64decode(csr)).public_bytes(Encoding.PEM).decode()
    made: dict[str, str] = iot.create_certificate_from_csr(certificateSigningRequest=pem, setAsActive=True)
    iot.attach_policy(policyName=policy["policyName"], target=made["certificateArn"])
    iot.attach_thing_principal(thingName=THING, principal=made["certificateArn"])
    return made


def session(aws: LocalAws) -> tuple[bool, str]:
    """Whether pump-01 is connected, and with which principal."""
    found = aws.fleet.broker.sessions.get(THING)
    assert found is not None
    return found.connected, found.principal


def test_a_contained_device_comes_back_with_a_new_key(aws: LocalAws) -> None:
    """It installs the catalog's version, gets a certificate for a key of its own, and stays when the old one is off."""
    before = aws.fleet.snapshot()
    csr = {"subject": f"CN={THING}", "keys": ["ec-p256"]}
    asked = firmware(aws)
    details = give_job(aws, "restore", "restore", firmware=asked, csr=csr)
    assert details["installed"] == f"{PACKAGE} {VERSION} {asked['sha256']}"
    made = certify(aws, details["csr"])
    certificate = {"id": made["certificateId"], "pem": made["certificatePem"]}
    answered = give_job(aws, "certificate", "install-certificate", certificate=certificate)
    assert answered == {"certificate": made["certificateId"]}
    assert session(aws) == (True, made["certificateArn"])
    aws.client("iot").update_certificate(certificateId=aws.fleet.certificate_id(THING), newStatus="INACTIVE")
    aws.clock.advance(CACHE)
    assert session(aws) == (True, made["certificateArn"])
    allows = aws.fleet.broker.allows
    assert not allows(THING, made["certificateArn"], "iot:Publish", f"topic/dt/{THING}/telemetry")
    after = aws.fleet.snapshot()
    bystanders = [name for name in before.sessions if name != f"session/{THING}"]
    assert {name: before.sessions[name] for name in bystanders} == {name: after.sessions[name] for name in bystanders}


@pytest.mark.parametrize(
    ("behaviour", "ended"),
    [("fails", "FAILED"), ("rejects", "REJECTED"), ("never-answers", "QUEUED"), ("lies", "SUCCEEDED")],
)
def test_a_contained_device_that_is_not_restored_stays_where_it_is(aws: LocalAws, behaviour: str, ended: str) -> None:
    """Whatever it answers, its old certificate and the quarantine policy are all that it has."""
    aws.fleet.thing(THING).device.agent.behaviour = JOB_BEHAVIOURS[behaviour]
    before = aws.fleet.snapshot()
    give_job(aws, "restore", "restore", firmware={**firmware(aws), "version": "9.9.9"}, csr=None)
    assert status(aws.fleet, THING, "restore") == ended
    after = aws.fleet.snapshot()
    assert after.registry == before.registry
    assert session(aws)[1].endswith(aws.fleet.certificate_id(THING))
