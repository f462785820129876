from __future__ import annotations

from typing import Any

import pytest
from cordon.errors import PlanUnworkable
from cordon.model.change import Change, Hold, Plan
from cordon.model.incident import Containment
from cordon.model.thing import AttachedPolicy, CertificateFacts, Criticality, GroupFacts, SessionFacts, ThingFacts
from cordon.response.containment import ContainmentPlanner

from ..conftest import ACCOUNT, REGION, THING, Bed

INCIDENT, EARLIER = "inc-20261102-0123456789", "inc-20261101-abcdef0123"
DENY, QUARANTINE_POLICY = f"cordon-deny-{INCIDENT}", f"cordon-quarantine-{INCIDENT}"
QUARANTINE = "cordon-quarantine"
JOIN = (f"thing/{THING}/group/{QUARANTINE}", True)
IOT = f"arn:aws:iot:{REGION}:{ACCOUNT}"
ALLOW = AttachedPolicy(name="plant", document='{"Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}')
OWN, SHARED = "a" * 64, "b" * 64
BYSTANDER = "pump-02"


def certificate(number: str, *things: str, policies: list[AttachedPolicy] | None = None, **changed: Any) -> Any:
    """Return a certificate of these things; by default its own, active, with one policy that allows."""
    attached = [ALLOW] if policies is None else policies
    facts = {"id": number, "arn": "arn", "status": "ACTIVE", "policies": attached, "things": list(things) or [THING]}
    return CertificateFacts.model_validate(facts | changed)


def thing(*certificates: CertificateFacts, **changed: Any) -> ThingFacts:
    """Return a thing with these certificates, which is connected under its name."""
    facts: dict[str, Any] = {
        "name": THING,
        "arn": "arn",
        "type_name": None,
        "attributes": {},
        "version": 1,
        "criticality": Criticality.STANDARD,
        "certificates": list(certificates),
        "other_principals": [],
        "groups": [],
        "sessions": [SessionFacts(client_id=THING, connected=True)],
    }
    return ThingFacts.model_validate(facts | changed)


class Held:
    """What an earlier incident holds, whatever is asked for."""

    def __init__(self, **held: tuple[str, Any]) -> None:
        self._held = held

    def of_others(self, root: str, incident_id: str) -> list[Hold]:
        """Return the holds below a root resource."""
        assert incident_id == INCIDENT
        return [
            Hold(resource=resource, action=action, holders=[EARLIER], before=None, after=after)
            for resource, (action, after) in self._held.items()
            if resource.startswith(root)
        ]


def plan(bed: Bed, facts: ThingFacts, held: Held | None = None, **more: Any) -> Plan:
    """Return the plan for these facts."""
    return ContainmentPlanner.over(bed.iot, ACCOUNT, QUARANTINE, holds=held).plan(facts, INCIDENT, **more)


def wanted(made: Plan) -> list[tuple[str, Any]]:
    """Return what the plan does to which resource, in its order; of a policy's document only that there is one."""
    return [
        (change.resource, change.after if not isinstance(change.after, dict) else "made") for change in made.changes
    ]


def document(made: Plan, name: str) -> dict[str, Any]:
    """Return the policy of that name that the plan makes."""
    (change,) = [change for change in made.changes if change.resource == f"policy/{name}"]
    found: dict[str, Any] = change.after
    return found


def test_on_a_shared_certificate_only_the_things_own_client_ids_are_denied(bed: Bed) -> None:
    """Its status and its policies stay, nobody else is hit, and whoever has the key can choose another id: partial."""
    made = plan(bed, thing(certificate(SHARED, THING, BYSTANDER)))
    assert wanted(made) == [(f"policy/{DENY}", "made"), (f"certificate/{SHARED}/policy/{DENY}", True), JOIN]
    (statement,) = document(made, DENY)["Statement"]
    assert statement == {"Effect": "Deny", "Action": "iot:Connect", "Resource": [f"{IOT}:client/{THING}"]}
    assert made.things_hit == {THING}
    assert [effect.resource for effect in made.effects] == [f"connection/{THING}"]
    (gap,) = made.gaps
    assert gap.resource == f"certificate/{SHARED}"
    assert "whoever has its key can choose another client id" in gap.reason


def test_own_and_shared_certificates_are_each_treated_by_their_kind(bed: Bed) -> None:
    """The own one is shut off and its policies replaced, the shared one only gets the deny."""
    made = plan(bed, thing(certificate(OWN), certificate(SHARED, THING, BYSTANDER)))
    assert wanted(made) == [
        (f"certificate/{OWN}", "INACTIVE"),
        (f"policy/{QUARANTINE_POLICY}", "made"),
        (f"policy/{DENY}", "made"),
        (f"certificate/{OWN}/policy/plant", False),
        (f"certificate/{OWN}/policy/{QUARANTINE_POLICY}", True),
        (f"certificate/{SHARED}/policy/{DENY}", True),
        JOIN,
    ]
    assert made.things_hit == {THING}


@pytest.mark.parametrize(
    ("sessions", "denied"),
    [
        ([SessionFacts(client_id=THING, connected=True)], [THING]),
        ([SessionFacts(client_id="press-7", connected=True)], [THING, "press-7"]),
        ([SessionFacts(client_id=BYSTANDER, connected=True, foreign="it is the name of another thing")], [THING]),
        ([SessionFacts(client_id="pump-*", connected=True)], [THING]),
        ([SessionFacts(client_id="?", connected=True)], [THING]),
        ([SessionFacts(client_id="${iot:ClientId}", connected=True)], [THING]),
        # Last seen with another certificate: not dropped, but that does not keep it from being denied on this one.
        ([SessionFacts(client_id=THING, connected=True, foreign="it connected last with …")], [THING]),
        ([SessionFacts(client_id=THING, connected=True, foreign="its session is …", thing_name=BYSTANDER)], []),
    ],
)
def test_no_client_id_is_denied_that_is_another_things_or_a_pattern(
    bed: Bed, sessions: list[SessionFacts], denied: list[str]
) -> None:
    """An intruder who connects as `*`, or under another thing's name, denies nobody anything."""
    made = plan(bed, thing(certificate(SHARED, THING, BYSTANDER), sessions=sessions))
    found = [change for change in made.changes if change.resource == f"policy/{DENY}"]
    resources = [one for change in found for one in change.after["Statement"][0]["Resource"]]
    assert resources == [f"{IOT}:client/{client_id}" for client_id in denied]
    assert {effect.resource for effect in made.effects} == {
        f"connection/{session.client_id}"
        for session in sessions
        if session.foreign is None and session.client_id in denied
    }
    assert made.things_hit <= {THING}


def test_a_client_id_that_only_records_tell_of_is_dropped_and_enters_no_policy(bed: Bed) -> None:
    """It may be the bystander's, which an intruder with the thing's own key has chosen."""
    sessions = [SessionFacts(client_id=one, connected=True) for one in (THING, "line-b")]
    facts = thing(certificate(OWN), certificate(SHARED, THING, BYSTANDER), sessions=sessions)
    made = plan(bed, facts.model_copy(update={"recorded_client_ids": ["line-b"]}))
    assert document(made, DENY)["Statement"][0]["Resource"] == [f"{IOT}:client/{THING}"]
    assert "line-b" not in str(document(made, QUARANTINE_POLICY))
    assert [effect.resource for effect in made.effects] == [f"connection/{THING}", "connection/line-b"]


def test_a_shared_certificate_without_room_is_named_and_not_attached_to(bed: Bed) -> None:
    """AWS would refuse the eleventh policy half way through the plan; another certificate still gets it."""
    policies = [ALLOW.model_copy(update={"name": f"p{number}"}) for number in range(10)]
    full = certificate(SHARED, THING, BYSTANDER, policies=policies)
    made = plan(bed, thing(full))
    assert wanted(made) == [JOIN]
    assert "it carries 10 policies" in made.gaps[1].reason
    other = "c" * 64
    both = plan(bed, thing(full, certificate(other, THING, BYSTANDER, policies=policies[:9])))
    assert (f"certificate/{other}/policy/{DENY}", True) in wanted(both)
    assert f"certificate/{SHARED}" not in {change.resource.rpartition("/policy")[0] for change in both.changes}


def test_client_ids_without_end_are_denied_as_far_as_they_fit_and_the_rest_is_named(bed: Bed) -> None:
    """Whoever connects under very many cannot make the plan unworkable, and the thing's name is always denied."""
    sessions = [SessionFacts(client_id=f"{'x' * 100}{number}", connected=True) for number in range(50)]
    made = plan(bed, thing(certificate(OWN), certificate(SHARED, THING, BYSTANDER), sessions=sessions))
    (statement,) = document(made, DENY)["Statement"]
    assert statement["Resource"][0] == f"{IOT}:client/{THING}"
    assert 1 < len(statement["Resource"]) < 50
    assert any("a policy has no room for client ids" in gap.reason for gap in made.gaps)
    assert f"{IOT}:client/{THING}" in str(document(made, QUARANTINE_POLICY))
    assert len(made.effects) == 50


def test_a_restricted_thing_is_denied_the_listed_topics_and_nothing_else_happens_to_it(bed: Bed) -> None:
    """No session is dropped, no certificate and no group is touched, and that it stays connected is said."""
    facts = thing(certificate(OWN), groups=[GroupFacts(name="line", arn="arn", policies=[ALLOW])])
    made = plan(bed, facts, containment=Containment.RESTRICT, topics=["cmd/{thing}/#", "recipes"])
    assert wanted(made) == [(f"policy/{DENY}", "made"), (f"certificate/{OWN}/policy/{DENY}", True)]
    topics = ["cmd/pump-01", "cmd/pump-01/*", "recipes"]
    assert document(made, DENY)["Statement"] == [
        {"Effect": "Deny", "Action": "iot:Publish", "Resource": [f"{IOT}:topic/{topic}" for topic in topics]},
        {"Effect": "Deny", "Action": "iot:Receive", "Resource": [f"{IOT}:topic/{topic}" for topic in topics]},
        {"Effect": "Deny", "Action": "iot:Subscribe", "Resource": [f"{IOT}:topicfilter/{topic}" for topic in topics]},
    ]
    assert not made.effects
    assert made.things_hit == {THING}
    (gap,) = made.gaps
    assert (gap.resource, "it stays connected" in gap.reason) == (f"connection/{THING}", True)


@pytest.mark.parametrize(
    ("certificates", "topics", "why"),
    [
        ([certificate(OWN)], [], "lists no topics"),
        ([certificate(SHARED, THING, BYSTANDER)], ["cmd"], "no certificate of its own"),
        ([], ["cmd"], "no certificate of its own"),
        ([certificate(OWN)], ["cmd/+"], "cannot be denied"),
        ([certificate(OWN, policies=[ALLOW.model_copy(update={"name": f"p{n}"}) for n in range(10)])], ["cmd"], "10"),
    ],
)
def test_a_thing_that_cannot_be_restricted_gets_no_plan(
    bed: Bed, certificates: list[CertificateFacts], topics: list[str], why: str
) -> None:
    """Nothing more is done to it instead: a person gets it, with the reason."""
    with pytest.raises(PlanUnworkable, match=why):
        plan(bed, thing(*certificates), containment=Containment.RESTRICT, topics=topics)


def test_the_shared_certificate_of_a_restricted_thing_is_named_and_left(bed: Bed) -> None:
    """Its bystanders would be denied the topics too."""
    facts = thing(certificate(OWN), certificate(SHARED, THING, BYSTANDER))
    made = plan(bed, facts, containment=Containment.RESTRICT, topics=["cmd"])
    assert {change.resource for change in made.changes} == {f"policy/{DENY}", f"certificate/{OWN}/policy/{DENY}"}
    assert [gap.resource for gap in made.gaps] == [f"connection/{THING}", f"certificate/{SHARED}"]


@pytest.mark.parametrize("principals", [[], ["eu-west-1:4a368c7b-c98a-5f32-82ba-da33de9e4d57"]])
def test_of_a_thing_without_a_certificate_each_leg_is_named(bed: Bed, principals: list[str]) -> None:
    """Its session is dropped and it is put where people look; no certificate, and what is known of how it comes."""
    made = plan(bed, thing(other_principals=principals))
    assert wanted(made) == [JOIN]
    assert [effect.resource for effect in made.effects] == [f"connection/{THING}"]
    named = {gap.resource: gap.reason for gap in made.gaps}
    assert named.keys() == {"certificate/none", f"principal/{principals[0] if principals else 'unknown'}"}
    assert ("custom authorizer" in " ".join(named.values())) is not bool(principals)


def test_an_inactive_certificate_is_held_though_nothing_is_changed(bed: Bed) -> None:
    """Whoever made it so for another incident must not put it back while this one lasts."""
    made = plan(bed, thing(certificate(OWN, status="INACTIVE")))
    (first, *_) = made.changes
    assert (first.resource, first.before, first.after) == (f"certificate/{OWN}", "INACTIVE", "INACTIVE")


def test_what_another_incident_has_changed_is_held_as_it_is(bed: Bed) -> None:
    """Its detached policies and its memberships, so that undoing it leaves this one what it needs; in undoing's order.

    The other one's own policy is neither held nor taken away: it goes when that incident is undone.
    """
    theirs = AttachedPolicy(name=f"cordon-quarantine-{EARLIER}", document="{}")
    held = Held(
        **{
            f"policy/{theirs.name}": ("iot_policy", {}),
            f"certificate/{OWN}": ("certificate_status", "INACTIVE"),
            f"certificate/{OWN}/policy/plant": ("policy_attachment", False),
            f"certificate/{OWN}/policy/{theirs.name}": ("policy_attachment", True),
            f"thing/{THING}/group/line": ("group_membership", False),
            f"thing/{THING}/group/{QUARANTINE}": ("group_membership", True),
        }
    )
    groups = [GroupFacts(name=QUARANTINE, arn="arn", policies=[])]
    made = plan(bed, thing(certificate(OWN, status="INACTIVE", policies=[theirs]), groups=groups), held)
    assert [
        (change.resource, change.before, change.after) for change in made.changes if change.action != "iot_policy"
    ] == [
        (f"certificate/{OWN}", "INACTIVE", "INACTIVE"),
        (f"certificate/{OWN}/policy/plant", False, False),
        (f"certificate/{OWN}/policy/{QUARANTINE_POLICY}", False, True),
        (f"thing/{THING}/group/line", False, False),
        (f"thing/{THING}/group/{QUARANTINE}", True, True),
    ]


def test_a_policy_that_is_only_called_like_an_incidents_is_replaced(bed: Bed) -> None:
    """No incident holds it, so that none would take it away, and after a repair it would allow what it allows."""
    posing = ALLOW.model_copy(update={"name": f"cordon-quarantine-{EARLIER}"})
    made = plan(bed, thing(certificate(OWN, policies=[posing])), Held())
    assert _of(made.changes, f"certificate/{OWN}/policy/{posing.name}") == [(True, False)]


def test_what_somebody_has_put_back_meanwhile_is_changed_anew_or_left(bed: Bed) -> None:
    """A policy is detached again; a group that allows nothing any more is neither left nor held as left."""
    held = Held(
        **{
            f"certificate/{OWN}/policy/plant": ("policy_attachment", False),
            f"thing/{THING}/group/line": ("group_membership", False),
        }
    )
    groups = [GroupFacts(name="line", arn="arn", policies=[])]
    changes = plan(bed, thing(certificate(OWN), groups=groups), held).changes
    assert _of(changes, f"certificate/{OWN}/policy/plant") == [(True, False)]
    assert _of(changes, f"thing/{THING}/group/line") == []


def _of(changes: list[Change], resource: str) -> list[tuple[Any, Any]]:
    return [(change.before, change.after) for change in changes if change.resource == resource]


def test_the_policies_of_ten_other_incidents_leave_no_room_for_another(bed: Bed) -> None:
    """They are not ours to detach: a person gets it before anything is changed."""
    policies = [AttachedPolicy(name=f"cordon-deny-inc-20261101-{n:010d}", document="{}") for n in range(10)]
    with pytest.raises(PlanUnworkable, match="carries 10 policies of other incidents"):
        plan(bed, thing(certificate(OWN, policies=policies)))
