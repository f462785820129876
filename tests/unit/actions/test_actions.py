from __future__ import annotations

import json
from typing import Any

import pytest
from cordon.actions.certificate_status import CertificateStatus
from cordon.actions.iot_policy import IotPolicy
from cordon.actions.policy_attachment import PolicyAttachment
from cordon.errors import PlanUnworkable
from cordon.model.change import Change
from cordon.model.thing import AttachedPolicy, CertificateFacts
from cordon.response.containment import ContainmentPlanner
from cordon.response.policy_documents import quarantine_policy_name
from cordon.things.arns import IotArns
from cordon.things.facts import ThingReader
from hypothesis import given, settings
from hypothesis import strategies as st

from playtest.fleet.certificates import demo_ca, demo_certificate

from ..conftest import ACCOUNT, REGION, THING, Bed, make_bed

ID = "inc-20261102-0123456789"
ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}'
DENY = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iot:*","Resource":"*"}]}'
QUARANTINE = "cordon-quarantine"
GROUPS = {"plant": None, "line-1": "policy-a", "line-2": "policy-deny", QUARANTINE: None}


def planner(bed: Bed) -> ContainmentPlanner:
    """Return the planner over the real actions."""
    return ContainmentPlanner.over(bed.iot, ACCOUNT, QUARANTINE)


def build(bed: Bed, certificates: list[tuple[str, set[str]]], groups: set[str]) -> None:
    """Make a thing with these certificates (status and policies), in these groups."""
    iot = bed.iot
    iot.register_ca_certificate(caCertificate=demo_ca().pem, certificateMode="SNI_ONLY", setAsActive=True)
    for name in ("policy-a", "policy-b", "policy-deny"):
        iot.create_policy(policyName=name, policyDocument=DENY if name == "policy-deny" else ALLOW)
    iot.create_thing(thingName=THING)
    for name, policy in GROUPS.items():
        arn = iot.create_thing_group(thingGroupName=name)["thingGroupArn"]
        if policy:
            iot.attach_policy(policyName=policy, target=arn)
    for name in sorted(groups):
        iot.add_thing_to_thing_group(thingGroupName=name, thingName=THING)
    for number, (status, policies) in enumerate(certificates):
        made = iot.register_certificate(
            certificatePem=demo_certificate(f"pump-01-{number}").pem, caCertificatePem=demo_ca().pem, status="ACTIVE"
        )
        iot.attach_thing_principal(thingName=THING, principal=made["certificateArn"])
        for policy in policies:
            iot.attach_policy(policyName=policy, target=made["certificateArn"])
        iot.update_certificate(certificateId=made["certificateId"], newStatus=status)


def registry(bed: Bed) -> Any:
    """Return everything that containment could change, as AWS IoT has it."""
    reader = ThingReader(bed.iot, bed.client("iot-data"))
    facts = reader.read(THING)
    assert facts
    policies = sorted(policy["policyName"] for policy in bed.iot.list_policies()["policies"])
    return facts, policies


@settings(max_examples=5, deadline=None)
@given(
    certificates=st.lists(
        st.tuples(
            st.sampled_from(["ACTIVE", "INACTIVE", "REVOKED"]),
            st.sets(st.sampled_from(["policy-a", "policy-b", "policy-deny"])),
        ),
        max_size=2,
    ),
    groups=st.sets(st.sampled_from(list(GROUPS))),
    twice=st.booleans(),
)
def test_a_plan_and_its_inverse_restore_exactly(
    certificates: list[tuple[str, set[str]]], groups: set[str], twice: bool
) -> None:
    """Whatever the certificates, policies and groups were; each change may be made twice, as after a crash."""
    with make_bed() as bed:
        build(bed, certificates, groups)
        before = registry(bed)
        plan = planner(bed).plan(before[0], ID)
        for change in plan.changes:
            _make(bed, change, twice=twice)
        if certificates:
            assert registry(bed) != before
        for change in reversed(plan.changes):
            assert bed.actions[change.action].read(change.resource) == change.after
            _make(bed, change.inverse(), twice=twice)
        after = registry(bed)
        assert (after[0].certificates, after[0].groups, after[1]) == (
            before[0].certificates,
            before[0].groups,
            before[1],
        )


def _make(bed: Bed, change: Change, *, twice: bool) -> None:
    action = bed.actions[change.action]
    assert action.read(change.resource) == change.before
    # moto refuses to detach a policy that is not attached; botocore's model of DetachPolicy knows no such error.
    is_detached = change.action == "policy_attachment" and change.after is False
    for _ in range(2 if twice and not is_detached else 1):
        action.apply(change)
        assert action.read(change.resource) == change.after


@pytest.fixture
def pump(bed: Bed) -> Bed:
    """One thing with a certificate of its own, two policies and a group that allows."""
    build(bed, [("ACTIVE", {"policy-a", "policy-b"})], {"plant", "line-1"})
    return bed


def test_the_plan_shuts_off_first_and_swaps_policies_before_groups(pump: Bed) -> None:
    """The order survives a crash: the policy is made before it is attached, the quarantine group comes last."""
    facts, _ = registry(pump)
    certificate = facts.certificates[0].id
    name = quarantine_policy_name(ID)
    assert [
        (change.resource, change.after)
        for change in planner(pump).plan(facts, ID).changes
        if change.action != "iot_policy"
    ] == [
        (f"certificate/{certificate}", "INACTIVE"),
        (f"certificate/{certificate}/policy/policy-a", False),
        (f"certificate/{certificate}/policy/policy-b", False),
        (f"certificate/{certificate}/policy/{name}", True),
        (f"thing/{THING}/group/line-1", False),
        (f"thing/{THING}/group/{QUARANTINE}", True),
    ]


def test_the_quarantine_policy_allows_jobs_and_shadow_and_nothing_else(pump: Bed) -> None:
    """Allow-only, literal names, for the thing's own client id."""
    facts, _ = registry(pump)
    (made,) = [change for change in planner(pump).plan(facts, ID).changes if change.action == "iot_policy"]
    allowed = {statement["Action"]: statement["Resource"] for statement in made.after["Statement"]}
    iot = f"arn:aws:iot:{REGION}:{ACCOUNT}"
    topics = [f"$aws/things/{THING}/jobs/*", f"$aws/things/{THING}/shadow/*"]
    assert {statement["Effect"] for statement in made.after["Statement"]} == {"Allow"}
    assert allowed == {
        "iot:Connect": [f"{iot}:client/{THING}"],
        "iot:Publish": [f"{iot}:topic/{topic}" for topic in topics],
        "iot:Receive": [f"{iot}:topic/{topic}" for topic in topics],
        "iot:Subscribe": [f"{iot}:topicfilter/{topic}" for topic in topics],
    }


@pytest.mark.parametrize("status", ["PENDING_TRANSFER", "PENDING_ACTIVATION", "REGISTER_INACTIVE"])
def test_a_certificate_that_could_not_be_put_back_is_not_planned(bed: Bed, status: str) -> None:
    """AWS alone sets these states."""
    facts = CertificateFacts(id="a" * 64, arn="arn", status=status, policies=[], things=[THING])
    with pytest.raises(PlanUnworkable, match=f"is {status}, which cannot be put back"):
        CertificateStatus(bed.iot).plan(facts)


def test_a_policy_that_aws_would_find_too_long_is_not_planned(bed: Bed) -> None:
    """A limit is met before the first change, not after it."""
    with pytest.raises(PlanUnworkable, match="would be longer than 2048 characters"):
        IotPolicy(bed.iot).plan("p", {"Statement": ["x" * 2048]}, hits=[])


def test_a_policy_of_that_name_with_another_document_is_not_taken_for_ours(bed: Bed) -> None:
    """AWS's refusal is raised, and the other policy stays as it is."""
    bed.iot.create_policy(policyName="p", policyDocument=ALLOW)
    change = Change(action="iot_policy", resource="policy/p", before=None, after=json.loads(DENY))
    with pytest.raises(bed.iot.exceptions.ResourceAlreadyExistsException):
        IotPolicy(bed.iot).apply(change)
    assert bed.iot.get_policy(policyName="p")["policyDocument"] == ALLOW


def test_a_replacement_that_is_there_already_is_not_detached(bed: Bed) -> None:
    """The quarantine policy is never its own victim."""
    own = [AttachedPolicy(name=name, document=ALLOW) for name in ("mine", "quarantine")]
    facts = CertificateFacts(id="a" * 64, arn="arn", status="ACTIVE", policies=own, things=[THING])
    planned = PolicyAttachment(bed.iot, IotArns(bed.iot, ACCOUNT)).plan(facts, replacement="quarantine")
    assert [(change.resource.rpartition("/")[2], change.after) for change in planned] == [
        ("mine", False),
        ("quarantine", True),
    ]
