from __future__ import annotations

import pytest
from cordon.errors import PlanUnworkable
from cordon.model.base import canonical_json
from cordon.response.policy_documents import (
    deny_connect_document,
    deny_policy_name,
    deny_topics_document,
    fitting,
    is_ours,
    of_thing,
    quarantine_policy_name,
)
from cordon.things.arns import IotArns
from hypothesis import given
from hypothesis import strategies as st

from playtest.fleet.policy_language import Decision, Request, decide, parse

from ..conftest import ACCOUNT, REGION, Bed

IOT = f"arn:aws:iot:{REGION}:{ACCOUNT}"
LEVEL = st.text("abc-_ $", min_size=1, max_size=3).filter(lambda level: level.strip())
TOPIC = st.lists(LEVEL, min_size=1, max_size=4).map("/".join)


class Region:
    """As much of a client as ARNs are made of."""

    meta = type("Meta", (), {"partition": "aws", "region_name": REGION})


ARNS = IotArns(Region, ACCOUNT)  # type: ignore[arg-type] # no more than its meta is asked for


def denied(document: dict[str, object], action: str, resource: str) -> bool:
    """Say whether the policy denies that to a client."""
    request = Request(action, f"{IOT}:{resource}", {"iot:ClientId": "pump-01"})
    return decide([parse(canonical_json(document))], request) is Decision.EXPLICIT_DENY


@given(listed=TOPIC, asked=TOPIC, below=st.booleans())
def test_exactly_the_listed_topics_are_denied(listed: str, asked: str, below: bool) -> None:
    """Whatever the topics: publishing, receiving and subscribing are denied for what the filter names, and no other."""
    document = deny_topics_document([f"{listed}/#" if below else listed], ARNS)
    wanted = asked == listed or (below and asked.startswith(f"{listed}/"))
    for action, kind in (("iot:Publish", "topic"), ("iot:Receive", "topic"), ("iot:Subscribe", "topicfilter")):
        assert denied(document, action, f"{kind}/{asked}") is wanted
    assert not denied(document, "iot:Connect", "client/pump-01")


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        ("cmd/*/set", "a wildcard in policies"),
        ("cmd/pump?", "a wildcard in policies"),
        ("cmd/${iot:ClientId}", "a wildcard in policies"),
        ("cmd/+/set", "list each topic"),
        ("cmd/pump+", "list each topic"),
        ("#", "below others"),
        ("cmd/#/set", "below others"),
        ("cmd/set#", "below others"),
        ("cmd/{name}/set", "no topic"),
        ("", "no topic"),
    ],
)
def test_a_topic_that_cannot_be_denied_exactly_is_not_denied_at_all(topic: str, why: str) -> None:
    """More than was listed would stop what a safety-critical thing is there for; the error names topic and reason."""
    with pytest.raises(PlanUnworkable, match=why):
        deny_topics_document(["cmd/set", topic], ARNS)


def test_the_things_name_stands_in_its_topics() -> None:
    """Each once, in their order."""
    assert of_thing(["cmd/{thing}/set", "all", "cmd/pump-01/set"], "pump-01") == ["cmd/pump-01/set", "all"]


@given(st.lists(st.text("ab*?${}/+#\u00e9", min_size=1, max_size=6), min_size=1, max_size=4, unique=True))
def test_a_policy_that_denies_connecting_names_client_ids_and_not_patterns(client_ids: list[str]) -> None:
    """Those that a planner lets in, which is none with a sign of a policy, are denied and no other is."""
    safe = [one for one in client_ids if not any(sign in one for sign in ("*", "?", "${"))]
    document = deny_connect_document(["pump-01", *safe], ARNS)
    for client_id in [*client_ids, "pump-02", "pump-011"]:
        assert denied(document, "iot:Connect", f"client/{client_id}") is (client_id in safe)


@given(st.lists(st.text("ab\u00e9", min_size=1, max_size=128), min_size=1, max_size=60, unique=True))
def test_as_many_client_ids_as_fit_and_always_the_first(client_ids: list[str]) -> None:
    """Whoever connects under many cannot make the policy too long for AWS."""
    fit = fitting(client_ids, lambda some: deny_connect_document(some, ARNS))
    assert fit == client_ids[: len(fit)]
    assert fit
    assert len(canonical_json(deny_connect_document(fit, ARNS))) <= 2048
    longer = client_ids[: len(fit) + 1]
    assert longer == fit or len(canonical_json(deny_connect_document(longer, ARNS))) > 2048


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        (quarantine_policy_name("inc-20261102-0123456789"), True),
        (deny_policy_name("inc-20261102-0123456789"), True),
        ("cordon-quarantine-everything", False),
        ("cordon-deny-inc-20261102-0123456789-more", False),
        ("plant-device", False),
    ],
)
def test_only_an_incidents_own_policy_is_known_by_its_name(name: str, ours: bool) -> None:
    """One that merely begins like it is the customer's, and is replaced like any other."""
    assert is_ours(name) is ours


def test_every_policy_that_is_made_is_taken_by_aws(bed: Bed) -> None:
    """Also the longest."""
    for number, document in enumerate(
        [deny_connect_document(["x" * 128] * 9, ARNS), deny_topics_document(["cmd/set/#"], ARNS)]
    ):
        bed.iot.create_policy(policyName=f"p{number}", policyDocument=canonical_json(document))
    assert len(bed.iot.list_policies()["policies"]) == 2
