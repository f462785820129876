"""What tests of restoring devices ask and do: a job that restores one, how it behaves, and what its shadow says."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from playtest.behaviours import JOB_BEHAVIOURS
from playtest.fleet import DemoFleet
from tests.unit.playtest.jobs import ROLE, create_job, execution, put_artefact
from tests.unit.playtest.watched_fleet import wait

ARTEFACT = b"pump firmware 2.0.0"
SHA256 = hashlib.sha256(ARTEFACT).hexdigest()


def behave(fleet: DemoFleet, name: str, thing: str = "pump-01") -> None:
    """Let a device behave so about its jobs."""
    fleet.thing(thing).device.agent.behaviour = JOB_BEHAVIOURS[name]


def document(fleet: DemoFleet, thing: str = "pump-01", **changed: Any) -> dict[str, Any]:
    """The document of a job that restores a thing."""
    firmware = {"package": "pump", "version": "2.0.0", "url": put_artefact(fleet, ARTEFACT), "sha256": SHA256}
    return {
        "schema_version": 1,
        "operation": "restore",
        "incident_id": "inc-20261123-0000000001",
        "firmware": firmware,
        "csr": {"subject": f"CN={thing}", "keys": ["ec-p256", "rsa-2048"]},
        **changed,
    }


def restore(fleet: DemoFleet, thing: str = "pump-01", job_id: str = "job", **changed: Any) -> dict[str, str]:
    """Give a thing its job, let a moment pass, and return the details that it has reported."""
    asked = {"roleArn": ROLE, "expiresInSec": 300}
    told = document(fleet, thing, **changed)
    timeout = {"inProgressTimeoutInMinutes": 20}
    create_job(fleet, thing, job_id=job_id, document=told, presignedUrlConfig=asked, timeoutConfig=timeout)
    wait(fleet, 5)
    details: dict[str, str] = execution(fleet, thing, job_id)["statusDetails"]["detailsMap"]
    return details


def package_shadow(fleet: DemoFleet, thing: str = "pump-01") -> Any:
    """What the thing's `$package` shadow reports, None where it has none."""
    data = fleet.aws.client("iot-data")
    try:
        found = data.get_thing_shadow(thingName=thing, shadowName="$package")
    except data.exceptions.ResourceNotFoundException:
        return None
    return json.loads(found["payload"].read())["state"].get("reported")
