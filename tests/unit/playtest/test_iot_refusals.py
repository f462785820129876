"""The local AWS refuses what AWS IoT refuses: certificates, policies, requests."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from moto.iot.models import IoTBackend
from moto.iot.responses import IoTResponse

from playtest.fleet.certificates import demo_certificate
from playtest.local_aws.iot import PAGED

ALLOW = {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW]})


@pytest.fixture
def iot(plain_aws: Any) -> Any:
    """AWS IoT."""
    return plain_aws.client("iot")


@pytest.fixture
def certificate(iot: Any) -> Any:
    """A registered, ACTIVE certificate: its id and its ARN."""
    return iot.register_certificate(certificatePem=demo_certificate("tested").pem, status="ACTIVE")


def refusal(call: Any, **arguments: Any) -> tuple[str, int]:
    """The code and the HTTP status of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def status(iot: Any, certificate: Any) -> str:
    """The status of a certificate."""
    described: str = iot.describe_certificate(certificateId=certificate["certificateId"])["certificateDescription"][
        "status"
    ]
    return described


@pytest.mark.parametrize("wanted", ["BROKEN", "active", "PENDING_TRANSFER", "PENDING_ACTIVATION", "REGISTER_INACTIVE"])
def test_a_status_that_nobody_may_set_is_refused(iot: Any, certificate: Any, wanted: str) -> None:
    """Unknown statuses, AWS's own and the deprecated one are invalid, and change nothing."""
    arguments = {"certificateId": certificate["certificateId"], "newStatus": wanted}
    assert refusal(iot.update_certificate, **arguments) == ("InvalidRequestException", 400)
    assert status(iot, certificate) == "ACTIVE"


@pytest.mark.parametrize("wanted", ["ACTIVE", "INACTIVE"])
def test_revoked_is_for_ever(iot: Any, certificate: Any, wanted: str) -> None:
    """Nothing leads back from REVOKED; revoking again is no change and no error."""
    certificate_id = certificate["certificateId"]
    iot.update_certificate(certificateId=certificate_id, newStatus="REVOKED")
    iot.update_certificate(certificateId=certificate_id, newStatus="REVOKED")
    arguments = {"certificateId": certificate_id, "newStatus": wanted}
    assert refusal(iot.update_certificate, **arguments) == ("CertificateStateException", 406)
    assert status(iot, certificate) == "REVOKED"


def test_inactive_can_be_undone(iot: Any, certificate: Any) -> None:
    """ACTIVE and INACTIVE go back and forth, and setting the same again is no error."""
    for wanted in ("INACTIVE", "INACTIVE", "ACTIVE"):
        iot.update_certificate(certificateId=certificate["certificateId"], newStatus=wanted)
        assert status(iot, certificate) == wanted


def test_a_certificate_that_is_not_there_cannot_be_changed(iot: Any) -> None:
    """An unknown id is not found, an impossible one is invalid."""
    assert (
        refusal(iot.update_certificate, certificateId="a" * 64, newStatus="INACTIVE")[0] == "ResourceNotFoundException"
    )
    assert refusal(iot.update_certificate, certificateId="x" * 64, newStatus="INACTIVE")[0] == "InvalidRequestException"


def test_the_certificate_id_is_the_fingerprint_of_the_der(iot: Any, certificate: Any) -> None:
    """As on AWS; the PEM comes back, and the validity is the certificate's own."""
    described = iot.describe_certificate(certificateId=certificate["certificateId"])["certificateDescription"]
    parsed = x509.load_pem_x509_certificate(described["certificatePem"].encode())
    der = parsed.public_bytes(serialization.Encoding.DER)
    assert described["certificateId"] == hashlib.sha256(der).hexdigest() == demo_certificate("tested").certificate_id
    assert described["validity"]["notAfter"] == parsed.not_valid_after_utc


def test_what_is_no_certificate_is_not_registered(iot: Any) -> None:
    """A text that does not parse is refused."""
    call = iot.register_certificate
    assert refusal(call, certificatePem="nonsense", status="ACTIVE")[0] == "CertificateValidationException"


@pytest.mark.parametrize("active", [True, False])
def test_a_certificate_from_a_csr_has_the_key_of_the_csr(iot: Any, active: bool) -> None:
    """Name and key are those of the request, and it is ACTIVE only where that was asked."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "replacement")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    pem = request.public_bytes(serialization.Encoding.PEM).decode()
    made = iot.create_certificate_from_csr(certificateSigningRequest=pem, setAsActive=active)
    parsed = x509.load_pem_x509_certificate(made["certificatePem"].encode())
    assert parsed.public_key() == key.public_key()
    assert parsed.subject == name
    assert status(iot, made) == ("ACTIVE" if active else "INACTIVE")
    assert (
        refusal(iot.create_certificate_from_csr, certificateSigningRequest="nonsense")[0] == "InvalidRequestException"
    )


def test_a_certificate_is_deleted_only_when_nothing_uses_it(iot: Any, certificate: Any) -> None:
    """Not while ACTIVE, not with a thing, not with a policy unless forced; a group's policies are in nobody's way."""
    certificate_id, arn = certificate["certificateId"], certificate["certificateArn"]
    group = iot.create_thing_group(thingGroupName="line")["thingGroupArn"]
    iot.create_policy(policyName="p", policyDocument=POLICY)
    iot.create_thing(thingName="pump")
    for target in (group, arn):
        iot.attach_policy(policyName="p", target=target)
    iot.attach_thing_principal(thingName="pump", principal=arn)
    delete = iot.delete_certificate
    assert refusal(delete, certificateId=certificate_id) == ("CertificateStateException", 406)
    iot.update_certificate(certificateId=certificate_id, newStatus="INACTIVE")
    assert refusal(delete, certificateId=certificate_id) == ("DeleteConflictException", 409)
    iot.detach_thing_principal(thingName="pump", principal=arn)
    assert refusal(delete, certificateId=certificate_id) == ("DeleteConflictException", 409)
    delete(certificateId=certificate_id, forceDelete=True)
    assert iot.list_targets_for_policy(policyName="p")["targets"] == [group]


def sized(characters: int) -> str:
    """A policy of so many characters, white space not counted."""
    empty = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW | {"Sid": ""}]})
    missing = characters - len("".join(empty.split()))
    return json.dumps({"Version": "2012-10-17", "Statement": [ALLOW | {"Sid": "s" * missing}]}, indent=4)


@pytest.mark.parametrize("document", ["", "{", "not JSON", "{}", POLICY.replace("Action", "NotAction"), sized(2049)])
def test_a_malformed_policy_is_refused(iot: Any, document: str) -> None:
    """Not JSON, not of the language, or too long: neither as a policy nor as a version of one."""
    malformed = ("MalformedPolicyException", 400)
    assert refusal(iot.create_policy, policyName="p", policyDocument=document) == malformed
    iot.create_policy(policyName="p", policyDocument=POLICY)
    assert refusal(iot.create_policy_version, policyName="p", policyDocument=document) == malformed


def test_a_policy_may_be_as_long_as_the_quota(iot: Any) -> None:
    """2,048 characters are allowed, and white space is free."""
    document = sized(2048)
    assert len(document) > 2048
    iot.create_policy(policyName="p", policyDocument=document)
    assert iot.get_policy(policyName="p")["policyDocument"] == document


def test_a_policy_name_is_taken_once(iot: Any) -> None:
    """The same name again is a conflict, with the same document too."""
    iot.create_policy(policyName="p", policyDocument=POLICY)
    assert refusal(iot.create_policy, policyName="p", policyDocument=POLICY) == ("ResourceAlreadyExistsException", 409)


def test_a_policy_is_deleted_only_when_nothing_uses_it(iot: Any, certificate: Any) -> None:
    """Not while it is attached, not while it has other versions."""
    iot.create_policy(policyName="p", policyDocument=POLICY)
    iot.attach_policy(policyName="p", target=certificate["certificateArn"])
    assert refusal(iot.delete_policy, policyName="p") == ("DeleteConflictException", 409)
    iot.detach_policy(policyName="p", target=certificate["certificateArn"])
    iot.create_policy_version(policyName="p", policyDocument=POLICY)
    assert refusal(iot.delete_policy, policyName="p") == ("DeleteConflictException", 409)
    iot.delete_policy_version(policyName="p", policyVersionId="2")
    iot.delete_policy(policyName="p")
    assert refusal(iot.get_policy, policyName="p")[0] == "ResourceNotFoundException"


def test_a_default_version_must_exist(iot: Any) -> None:
    """An unknown version cannot become the default, and the default stays."""
    iot.create_policy(policyName="p", policyDocument=POLICY)
    call = iot.set_default_policy_version
    assert refusal(call, policyName="p", policyVersionId="9")[0] == "ResourceNotFoundException"
    versions = iot.list_policy_versions(policyName="p")["policyVersions"]
    assert [version["isDefaultVersion"] for version in versions] == [True]


@pytest.mark.parametrize(("kind", "limit"), [("certificate", 10), ("group", 2)])
def test_a_target_holds_only_so_many_policies(iot: Any, certificate: Any, kind: str, limit: int) -> None:
    """Ten on a certificate, two on a group; attaching one again is no further one."""
    group = iot.create_thing_group(thingGroupName="line")["thingGroupArn"]
    target = group if kind == "group" else certificate["certificateArn"]
    for number in range(limit + 1):
        iot.create_policy(policyName=f"p{number}", policyDocument=POLICY)
    for number in range(limit):
        iot.attach_policy(policyName=f"p{number}", target=target)
    iot.attach_policy(policyName="p0", target=target)
    assert refusal(iot.attach_policy, policyName=f"p{limit}", target=target) == ("LimitExceededException", 410)
    assert len(iot.list_attached_policies(target=target)["policies"]) == limit


def test_policies_are_attached_to_what_is_there(iot: Any, certificate: Any) -> None:
    """An unknown policy, certificate or group is not found, when attaching and when listing."""
    arn, unknown = certificate["certificateArn"], certificate["certificateArn"][:-64] + "a" * 64
    group = arn.replace(":cert/", ":thinggroup/")
    iot.create_policy(policyName="p", policyDocument=POLICY)
    missing = ("ResourceNotFoundException", 404)
    assert refusal(iot.attach_policy, policyName="q", target=arn) == missing
    for target in (unknown, group):
        assert refusal(iot.attach_policy, policyName="p", target=target) == missing
        assert refusal(iot.list_attached_policies, target=target) == missing


def test_recursion_lists_the_policies_of_parent_groups(iot: Any) -> None:
    """A group's own come first; its parents' only where they are asked for."""
    iot.create_thing_group(thingGroupName="plant")
    child = iot.create_thing_group(thingGroupName="line", parentGroupName="plant")["thingGroupArn"]
    parent = iot.describe_thing_group(thingGroupName="plant")["thingGroupArn"]
    for name, target in (("own", child), ("inherited", parent)):
        iot.create_policy(policyName=name, policyDocument=POLICY)
        iot.attach_policy(policyName=name, target=target)

    def names(**more: bool) -> list[str]:
        return [policy["policyName"] for policy in iot.list_attached_policies(target=child, **more)["policies"]]

    assert names() == ["own"]
    assert names(recursive=True) == ["own", "inherited"]


@pytest.mark.parametrize("name", ["a b", "a/b", "<b>", "a" * 129, "ä", "a\n"])
def test_a_thing_name_that_aws_would_not_take_is_invalid(iot: Any, name: str) -> None:
    """Every request is held against the constraints of its model."""
    for call in (iot.create_thing, iot.describe_thing, iot.list_thing_principals, iot.get_thing_connectivity_data):
        assert refusal(call, thingName=name) == ("InvalidRequestException", 400)


def test_moto_has_what_is_replaced() -> None:
    """Each replaced method answers from here; installing fails where moto has renamed one."""
    replaced: dict[type, list[str]] = {
        IoTBackend: ["update_certificate", "create_policy", "attach_policy", "create_thing"],
        IoTResponse: [
            *PAGED,
            "call_action",
            "update_thing",
            "create_job",
            "describe_job_execution",
            "cancel_job_execution",
            "list_job_executions_for_job",
            "create_certificate_from_csr",
            "get_thing_connectivity_data",
        ],
    }
    for owner, names in replaced.items():
        for name in names:
            assert getattr(owner, name).__module__.startswith("playtest.local_aws"), name
