"""Demo devices take jobs over MQTT, restore themselves with real keys, and behave as they were told."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from playtest.behaviours import JOB_BEHAVIOURS, LATE
from playtest.fleet import Behaviour, DemoFleet
from playtest.fleet.certificates import demo_key
from tests.unit.playtest.jobs import create_job, execution, make_role, status
from tests.unit.playtest.restoring import SHA256, behave, document, package_shadow, restore
from tests.unit.playtest.watched_fleet import is_connected, principal, wait

FleetMaker = Callable[..., DemoFleet]


@pytest.fixture
def fleet(fleet_of: FleetMaker) -> DemoFleet:
    """Two pumps, and the things around them that need no job."""
    made = fleet_of("pump-01", "pump-02", "filler-01")
    make_role(made)
    return made


def request_in(details: Mapping[str, str]) -> x509.CertificateSigningRequest:
    """The certificate signing request that a device has sent."""
    return x509.load_der_x509_csr(base64.b64decode(details["csr"], validate=True))


def test_a_good_device_installs_and_asks_for_a_certificate_for_a_new_key(fleet: DemoFleet) -> None:
    """It reports version and hash, in its shadow too; the request is its own, for a P-256 key that it never had."""
    details = restore(fleet)
    assert status(fleet) == "SUCCEEDED"
    assert details["installed"] == f"pump 2.0.0 {SHA256}"
    assert package_shadow(fleet)["pump"] == {"version": "2.0.0"}
    asked = request_in(details)
    assert asked.is_signature_valid
    assert asked.subject.rfc4514_string() == "CN=pump-01"
    key = asked.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    assert key != demo_key("pump-01").public_key()
    assert len(details["csr"]) <= 1024
    assert fleet.thing("pump-01").device.agent.repair.installed == ("pump", "2.0.0", SHA256)
    assert (package_shadow(fleet, "pump-02") or {}).get("pump") != {"version": "2.0.0"}


def give_certificate(fleet: DemoFleet, details: Mapping[str, str], thing: str = "pump-01") -> str:
    """Make the certificate that was asked for, attach it, hand it to the thing in a job, and return its ARN."""
    pem = request_in(details).public_bytes(Encoding.PEM).decode()
    made: dict[str, str] = fleet.iot.create_certificate_from_csr(certificateSigningRequest=pem, setAsActive=True)
    fleet.iot.attach_policy(policyName="plant-device", target=made["certificateArn"])
    fleet.iot.attach_thing_principal(thingName=thing, principal=made["certificateArn"])
    certificate = {"id": made["certificateId"], "pem": made["certificatePem"]}
    told = {"schema_version": 1, "operation": "install-certificate", "incident_id": "i", "certificate": certificate}
    create_job(fleet, thing, job_id="certificate", document=told)
    wait(fleet, 5)
    return made["certificateArn"]


def test_a_device_comes_back_with_the_certificate_that_it_was_given(fleet: DemoFleet) -> None:
    """And is in with it when the old one is off; another certificate of its thing is none of its own."""
    arn = give_certificate(fleet, restore(fleet))
    session = fleet.broker.sessions.get("pump-01")
    assert session is not None
    assert (session.connected, session.principal) == (True, arn)
    assert execution(fleet, job_id="certificate")["statusDetails"]["detailsMap"] == {
        "certificate": arn.rpartition("/")[2]
    }
    fleet.iot.update_certificate(certificateId=fleet.certificate_id("pump-01"), newStatus="INACTIVE")
    fleet.broker.drop("pump-01")
    wait(fleet, 600)
    assert is_connected(fleet)
    behave(fleet, "reuses-key")
    again = restore(fleet, job_id="again")
    assert request_in(again).public_key() == request_in_key(fleet, arn)


def request_in_key(fleet: DemoFleet, arn: str) -> Any:
    """The public key of a certificate."""
    found = fleet.iot.describe_certificate(certificateId=arn.rpartition("/")[2])["certificateDescription"]
    return x509.load_pem_x509_certificate(found["certificatePem"].encode()).public_key()


def test_a_certificate_for_another_key_is_not_taken_in(fleet: DemoFleet) -> None:
    """Who cannot use it says so, and stays with what it has."""
    behave(fleet, "wrong-csr")
    give_certificate(fleet, restore(fleet))
    assert status(fleet, job_id="certificate") == "REJECTED"
    session = fleet.broker.sessions.get("pump-01")
    assert session is not None
    assert (session.connected, session.principal) == (True, principal(fleet))


def test_an_artefact_with_another_hash_is_not_installed(fleet: DemoFleet) -> None:
    """The device says what it found and what it expected."""
    firmware = {**document(fleet)["firmware"], "sha256": "0" * 64}
    details = restore(fleet, firmware=firmware)
    assert (status(fleet), list(details)) == ("FAILED", ["reason"])
    assert SHA256 in details["reason"]
    assert fleet.thing("pump-01").device.agent.repair.installed is None


@pytest.mark.parametrize(
    ("changed", "became"),
    [
        ({"schema_version": 2}, "REJECTED"),
        ({"operation": "reboot"}, "REJECTED"),
        ({"csr": {"subject": "CN=pump-02", "keys": ["ec-p256"]}}, "REJECTED"),
        ({"csr": {"subject": "CN=pump-01", "keys": ["rsa-2048"]}}, "REJECTED"),
        ({"firmware": None}, "SUCCEEDED"),
        ({"csr": None}, "SUCCEEDED"),
    ],
)
def test_a_device_does_what_it_understands(fleet: DemoFleet, changed: dict[str, Any], became: str) -> None:
    """Another schema or operation, another name and a key that it cannot make are rejected; either half may be left."""
    details = restore(fleet, **changed)
    assert status(fleet) == became
    wanted = {"installed", "csr"} if became == "SUCCEEDED" else {"reason"}
    assert details.keys() == wanted - {"installed" if name == "firmware" else name for name in changed}


def test_a_device_fails_or_rejects_with_its_reason(fleet: DemoFleet) -> None:
    """And has installed nothing."""
    for name, became in (("fails", "FAILED"), ("rejects", "REJECTED")):
        behave(fleet, name)
        assert restore(fleet, job_id=name) == {"reason": JOB_BEHAVIOURS[name].reason}
        assert status(fleet, job_id=name) == became
    assert fleet.thing("pump-01").device.agent.repair.installed is None


def test_a_device_that_never_answers_takes_nothing(fleet: DemoFleet) -> None:
    """Its job waits, whatever time passes, and it stays connected."""
    behave(fleet, "never-answers")
    restore(fleet)
    wait(fleet, 86_400)
    assert (status(fleet), is_connected(fleet)) == ("QUEUED", True)


def test_a_device_that_answers_late_finds_its_job_timed_out(fleet: DemoFleet) -> None:
    """Its answer is refused, and the execution keeps what AWS has made of it."""
    behave(fleet, "answers-late")
    restore(fleet)
    assert status(fleet) == "IN_PROGRESS"
    wait(fleet, LATE.total_seconds())
    assert (status(fleet), execution(fleet)["statusDetails"]["detailsMap"]) == ("TIMED_OUT", {})
    wait(fleet, 600)
    assert status(fleet) == "TIMED_OUT"


def test_a_device_that_lies_leaves_its_shadow(fleet: DemoFleet) -> None:
    """The job says that the version is there, and the `$package` shadow what it said before."""
    before = package_shadow(fleet)
    behave(fleet, "lies")
    assert restore(fleet)["installed"] == f"pump 2.0.0 {SHA256}"
    assert status(fleet) == "SUCCEEDED"
    assert package_shadow(fleet) == before
    assert fleet.thing("pump-01").device.agent.repair.installed is None


def test_a_device_with_a_wrong_hash_has_installed_all_the_same(fleet: DemoFleet) -> None:
    """Whatever came from the URL, and the hash that it reports is of nothing that there is."""
    behave(fleet, "wrong-hash")
    firmware = {**document(fleet)["firmware"], "sha256": "0" * 64}
    package, version, told = restore(fleet, firmware=firmware)["installed"].split()
    assert (status(fleet), package, version) == ("SUCCEEDED", "pump", "2.0.0")
    assert told not in {SHA256, "0" * 64}
    assert fleet.thing("pump-01").device.agent.repair.installed == ("pump", "2.0.0", SHA256)


def test_bad_requests_are_bad_in_their_own_way(fleet: DemoFleet) -> None:
    """The same key again, another thing's name and key, an RSA key of 1024 bits; each is signed with its key."""
    behave(fleet, "reuses-key")
    assert request_in(restore(fleet, job_id="same")).public_key() == demo_key("pump-01").public_key()
    behave(fleet, "wrong-csr")
    other = request_in(restore(fleet, job_id="other"))
    assert other.subject.rfc4514_string() == "CN=pump-02"
    assert other.public_key() == demo_key("pump-02").public_key()
    behave(fleet, "weak-key")
    weak = request_in(restore(fleet, job_id="weak"))
    key = weak.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert (key.key_size, weak.is_signature_valid, other.is_signature_valid) == (1024, True, True)
    client, pem = fleet.iot, weak.public_bytes(Encoding.PEM).decode()
    with pytest.raises(client.exceptions.InvalidRequestException, match="2048"):
        client.create_certificate_from_csr(certificateSigningRequest=pem)


def test_garbage_is_no_request(fleet: DemoFleet) -> None:
    """And the rest of the job is done."""
    behave(fleet, "no-csr")
    details = restore(fleet)
    assert (status(fleet), details["installed"]) == ("SUCCEEDED", f"pump 2.0.0 {SHA256}")
    with pytest.raises(ValueError, match=r".+"):
        request_in(details)


def test_a_device_that_is_still_compromised_alarms_once_it_is_let_free(fleet: DemoFleet) -> None:
    """Not before it was restored; once; and nobody else does."""
    alarms: list[Mapping[str, Any]] = []
    fleet.broker.detected = alarms.append
    behave(fleet, "still-compromised")
    wait(fleet, 600)
    assert alarms == []
    restore(fleet)
    restore(fleet, "pump-02", "other")
    wait(fleet, 600)
    assert [(alarm["thingName"], alarm["violationEventType"]) for alarm in alarms] == [("pump-01", "in-alarm")]


def test_a_device_that_is_not_connected_takes_its_job_when_it_comes(fleet: DemoFleet) -> None:
    """A quiet one that was dropped does not; a session behaviour and a job behaviour stand side by side."""
    fleet.behave("pump-01", Behaviour.QUIET)
    behave(fleet, "fails")
    fleet.broker.drop("pump-01")
    restore(fleet)
    wait(fleet, 600)
    assert status(fleet) == "QUEUED"
    fleet.behave("pump-01", Behaviour.STEADY)
    wait(fleet, 1)
    assert (status(fleet), is_connected(fleet)) == ("FAILED", True)


def test_a_device_without_rights_on_job_topics_hears_of_no_job(fleet: DemoFleet) -> None:
    """It does not try either, so that it keeps its session."""
    create_job(fleet, "filler-01", document={})
    wait(fleet, 600)
    assert (status(fleet, "filler-01"), is_connected(fleet, "filler-01")) == ("QUEUED", True)


def test_a_policy_that_denies_publishing_on_job_topics_costs_the_session(fleet: DemoFleet) -> None:
    """The device hears of its job, is turned away when it takes it, and the job stays where it was."""
    topics = fleet.broker.registry.arn("topic/$aws/things/pump-01/jobs/*")
    deny = {"Effect": "Deny", "Action": "iot:Publish", "Resource": topics}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    fleet.iot.create_policy(policyName="no-jobs", policyDocument=policy)
    fleet.iot.attach_policy(policyName="no-jobs", target=principal(fleet))
    wait(fleet, 600)
    create_job(fleet, document={})
    wait(fleet, 1)
    assert status(fleet) == "QUEUED"
    session = fleet.broker.sessions.get("pump-01")
    assert session is not None
    assert session.disconnect_reason == "FORBIDDEN_ACCESS"
    assert any("jobs/start-next" in refused.reason for refused in fleet.broker.refusals)
