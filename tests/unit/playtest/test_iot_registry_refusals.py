"""The local AWS refuses what AWS IoT refuses: things, groups, jobs, pages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from playtest.fleet.certificates import demo_certificate

POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}]}
)


@pytest.fixture
def iot(plain_aws: Any) -> Any:
    """AWS IoT with one thing, pump-01."""
    client = plain_aws.client("iot")
    client.create_thing(thingName="pump-01", attributePayload={"attributes": {"site": "a"}})
    return client


def refusal(call: Any, **arguments: Any) -> tuple[str, int]:
    """The code and the HTTP status of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def register(iot: Any, label: str) -> str:
    """The ARN of a certificate that was registered for the label."""
    arn: str = iot.register_certificate(certificatePem=demo_certificate(label).pem, status="ACTIVE")["certificateArn"]
    return arn


def test_a_thing_counts_its_versions(iot: Any) -> None:
    """Every update is a new version, and one that expects another is refused and changes nothing."""

    def update(**more: Any) -> None:
        iot.update_thing(thingName="pump-01", attributePayload={"attributes": {"site": "b"}}, **more)

    assert iot.describe_thing(thingName="pump-01")["version"] == 1
    assert refusal(update, expectedVersion=2) == ("VersionConflictException", 409)
    assert iot.describe_thing(thingName="pump-01")["attributes"] == {"site": "a"}
    update(expectedVersion=1)
    assert iot.describe_thing(thingName="pump-01")["version"] == 2
    update()
    assert iot.describe_thing(thingName="pump-01")["version"] == 3


def test_a_thing_is_created_twice_only_as_the_same(iot: Any) -> None:
    """The same again is no error; another thing of that name is a conflict, and the first one stays."""
    iot.create_thing(thingName="pump-01", attributePayload={"attributes": {"site": "a"}})
    assert refusal(iot.create_thing, thingName="pump-01") == ("ResourceAlreadyExistsException", 409)
    assert iot.describe_thing(thingName="pump-01")["attributes"] == {"site": "a"}


def test_a_thing_without_a_type_has_three_attributes(iot: Any) -> None:
    """A fourth is refused when creating and when updating; a type makes room."""
    four = {"attributes": {str(number): "x" for number in range(4)}}
    assert refusal(iot.create_thing, thingName="new", attributePayload=four)[0] == "InvalidRequestException"
    assert refusal(iot.update_thing, thingName="pump-01", attributePayload=four)[0] == "InvalidRequestException"
    thing = iot.describe_thing(thingName="pump-01")
    assert (thing["attributes"], thing["version"]) == ({"site": "a"}, 1)
    iot.create_thing_type(thingTypeName="pump")
    iot.update_thing(thingName="pump-01", thingTypeName="pump", attributePayload=four)


def test_a_thing_is_in_ten_groups_at_most(iot: Any) -> None:
    """The eleventh is refused; being put into one again is no error."""
    for number in range(11):
        iot.create_thing_group(thingGroupName=f"g{number}")
    for number in [*range(10), 9]:
        iot.add_thing_to_thing_group(thingGroupName=f"g{number}", thingName="pump-01")
    call = iot.add_thing_to_thing_group
    assert refusal(call, thingGroupName="g10", thingName="pump-01") == ("InvalidRequestException", 400)
    assert len(iot.list_thing_groups_for_thing(thingName="pump-01")["thingGroups"]) == 10


def test_a_deleted_group_takes_its_attachments_along(iot: Any) -> None:
    """Its policy has no target any more, and can be deleted."""
    group = iot.create_thing_group(thingGroupName="line")["thingGroupArn"]
    iot.create_policy(policyName="p", policyDocument=POLICY)
    iot.attach_policy(policyName="p", target=group)
    assert refusal(iot.delete_policy, policyName="p") == ("DeleteConflictException", 409)
    iot.delete_thing_group(thingGroupName="line")
    assert iot.list_targets_for_policy(policyName="p")["targets"] == []
    iot.delete_policy(policyName="p")
    assert iot.list_policies()["policies"] == []


def test_an_exclusive_principal_has_one_thing(iot: Any) -> None:
    """No second thing can have it, and one that has a thing already cannot become another's alone."""
    iot.create_thing(thingName="pump-02")
    exclusive, shared = register(iot, "exclusive"), register(iot, "shared")
    iot.attach_thing_principal(thingName="pump-01", principal=exclusive, thingPrincipalType="EXCLUSIVE_THING")
    iot.attach_thing_principal(thingName="pump-01", principal=shared)
    attach = iot.attach_thing_principal
    assert refusal(attach, thingName="pump-02", principal=exclusive)[0] == "InvalidRequestException"
    arguments = {"thingName": "pump-02", "principal": shared, "thingPrincipalType": "EXCLUSIVE_THING"}
    assert refusal(attach, **arguments)[0] == "InvalidRequestException"
    found = iot.list_thing_principals_v2(thingName="pump-01")["thingPrincipalObjects"]
    assert found == [
        {"principal": exclusive, "thingPrincipalType": "EXCLUSIVE_THING"},
        {"principal": shared, "thingPrincipalType": "NON_EXCLUSIVE_THING"},
    ]
    only = iot.list_principal_things_v2(principal=exclusive, thingPrincipalType="EXCLUSIVE_THING")
    assert [each["thingName"] for each in only["principalThingObjects"]] == ["pump-01"]
    iot.detach_thing_principal(thingName="pump-01", principal=exclusive)
    attach(thingName="pump-02", principal=exclusive)


@pytest.mark.parametrize(
    ("first", "second"),
    [("EXCLUSIVE_THING", "NON_EXCLUSIVE_THING"), ("NON_EXCLUSIVE_THING", "EXCLUSIVE_THING")],
)
def test_an_attachment_keeps_its_type_until_it_is_detached(iot: Any, first: str, second: str) -> None:
    """The same again is no error, the other type is one, and after a detachment it is none."""
    attachment = {"thingName": "pump-01", "principal": register(iot, "own")}

    def types() -> list[str]:
        found = iot.list_thing_principals_v2(thingName="pump-01")["thingPrincipalObjects"]
        return [each["thingPrincipalType"] for each in found]

    for _ in range(2):
        iot.attach_thing_principal(**attachment, thingPrincipalType=first)
    assert refusal(iot.attach_thing_principal, **attachment, thingPrincipalType=second)[0] == "InvalidRequestException"
    assert types() == [first]
    iot.detach_thing_principal(**attachment)
    assert types() == []
    iot.attach_thing_principal(**attachment, thingPrincipalType=second)
    assert types() == [second]


def test_only_a_certificate_is_exclusive(iot: Any, plain_aws: Any) -> None:
    """A Cognito identity can be attached, and not as a thing's alone."""
    cognito = plain_aws.client("cognito-identity")
    pool = cognito.create_identity_pool(IdentityPoolName="pool", AllowUnauthenticatedIdentities=False)
    attachment = {
        "thingName": "pump-01",
        "principal": cognito.get_id(IdentityPoolId=pool["IdentityPoolId"])["IdentityId"],
    }
    refused = refusal(iot.attach_thing_principal, **attachment, thingPrincipalType="EXCLUSIVE_THING")
    assert refused == ("InvalidRequestException", 400)
    assert iot.list_thing_principals(thingName="pump-01")["principals"] == []
    iot.attach_thing_principal(**attachment)
    kinds = iot.list_principal_things_v2(principal=attachment["principal"])["principalThingObjects"]
    assert kinds == [{"thingName": "pump-01", "thingPrincipalType": "NON_EXCLUSIVE_THING"}]


def arn_of(iot: Any, name: str) -> str:
    """The ARN of a thing."""
    arn: str = iot.describe_thing(thingName=name)["thingArn"]
    return arn


def test_a_job_id_is_taken_once(iot: Any) -> None:
    """The same id again is a conflict."""
    arguments = {"jobId": "job", "targets": [arn_of(iot, "pump-01")], "document": "{}"}
    iot.create_job(**arguments)
    assert refusal(iot.create_job, **arguments) == ("ResourceAlreadyExistsException", 409)


def test_a_job_needs_targets_that_exist(iot: Any) -> None:
    """An unknown thing or group is not found, and no job is made."""
    for kind in ("thing", "thinggroup"):
        target = arn_of(iot, "pump-01").replace("thing/pump-01", f"{kind}/nobody")
        assert refusal(iot.create_job, jobId="job", targets=[target], document="{}")[0] == "ResourceNotFoundException"
    assert iot.list_jobs()["jobs"] == []


def test_a_job_for_a_group_is_a_job_for_its_things(iot: Any) -> None:
    """Each thing has one execution, also where it is named and in the group."""
    group = iot.create_thing_group(thingGroupName="line")["thingGroupArn"]
    iot.create_thing(thingName="pump-02")
    for name in ("pump-01", "pump-02"):
        iot.add_thing_to_thing_group(thingGroupName="line", thingName=name)
    targets = [group, arn_of(iot, "pump-01")]
    iot.create_job(jobId="job", targets=targets, document="{}")
    things = [each["thingArn"] for each in iot.list_job_executions_for_job(jobId="job")["executionSummaries"]]
    assert things == [arn_of(iot, "pump-01"), arn_of(iot, "pump-02")]
    assert iot.describe_job(jobId="job")["job"]["targets"] == targets


def test_things_of_child_groups_are_listed_recursively(iot: Any) -> None:
    """A group's own things, and with recursion those of the groups below it."""
    iot.create_thing_group(thingGroupName="plant")
    iot.create_thing_group(thingGroupName="line", parentGroupName="plant")
    iot.add_thing_to_thing_group(thingGroupName="line", thingName="pump-01")
    assert iot.list_things_in_thing_group(thingGroupName="plant")["things"] == []
    assert iot.list_things_in_thing_group(thingGroupName="plant", recursive=True)["things"] == ["pump-01"]


@pytest.mark.parametrize(
    ("operation", "entries", "arguments"),
    [
        ("list_thing_principals", "principals", {"thingName": "pump-01"}),
        ("list_thing_principals_v2", "thingPrincipalObjects", {"thingName": "pump-01"}),
        ("list_principal_things", "things", {"principal": "certificate"}),
        ("list_principal_things_v2", "principalThingObjects", {"principal": "certificate"}),
        ("list_thing_groups_for_thing", "thingGroups", {"thingName": "pump-01"}),
        ("list_thing_groups", "thingGroups", {}),
        ("list_things_in_thing_group", "things", {"thingGroupName": "g0"}),
        ("list_things", "things", {}),
    ],
)
def test_lists_come_in_pages(iot: Any, operation: str, entries: str, arguments: dict[str, str]) -> None:
    """A page holds what was asked for, and the token leads on until all were seen, each once."""
    certificates = [register(iot, f"c{number}") for number in range(3)]
    for number, certificate in enumerate(certificates):
        iot.create_thing_group(thingGroupName=f"g{number}")
        iot.add_thing_to_thing_group(thingGroupName=f"g{number}", thingName="pump-01")
        iot.attach_thing_principal(thingName="pump-01", principal=certificate)
        iot.create_thing(thingName=f"more-{number}")
        iot.attach_thing_principal(thingName=f"more-{number}", principal=certificates[0])
        iot.add_thing_to_thing_group(thingGroupName="g0", thingName=f"more-{number}")
    call, given = getattr(iot, operation), {**arguments}
    given |= {"principal": certificates[0]} if "principal" in arguments else {}
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = call(**given, **token, maxResults=2)
        assert len(page[entries]) <= 2
        seen += [json.dumps(entry, sort_keys=True) for entry in page[entries]]
        if not page.get("nextToken"):
            break
        token = {"nextToken": page["nextToken"]}
    assert len(seen) == len(set(seen)) >= 3


@pytest.mark.parametrize("operation", ["list_attached_policies", "list_policies", "list_certificates"])
def test_older_lists_come_in_pages_by_marker(iot: Any, operation: str) -> None:
    """They call it marker and pageSize, and a marker that was never given is refused."""
    certificates = [register(iot, f"c{number}") for number in range(3)]
    for number in range(3):
        iot.create_policy(policyName=f"p{number}", policyDocument=POLICY)
        iot.attach_policy(policyName=f"p{number}", target=certificates[0])
    arguments = {"target": certificates[0]} if operation == "list_attached_policies" else {}
    entries = "certificates" if operation == "list_certificates" else "policies"
    first = getattr(iot, operation)(**arguments, pageSize=2)
    second = getattr(iot, operation)(**arguments, pageSize=2, marker=first["nextMarker"])
    assert (len(first[entries]), len(second[entries])) == (2, 1)
    assert not second.get("nextMarker")
    assert refusal(getattr(iot, operation), **arguments, marker="nonsense")[0] == "InvalidRequestException"


def test_a_list_without_a_size_is_cut_at_25(iot: Any) -> None:
    """Code that never pages is found out with the 26th entry."""
    certificate = register(iot, "busy")
    for number in range(26):
        iot.create_thing(thingName=f"thing-{number}")
        iot.attach_thing_principal(thingName=f"thing-{number}", principal=certificate)
    page = iot.list_principal_things(principal=certificate)
    assert len(page["things"]) == 25
    assert page["nextToken"]
