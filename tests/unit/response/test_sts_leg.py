"""What is planned about AWS credentials that a thing's certificates got, and what stays open of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cordon.model.change import Change, Gap, Plan
from cordon.model.incident import Containment
from cordon.model.thing import AttachedPolicy, CertificateFacts, Criticality, GroupFacts, ThingFacts
from cordon.response.containment import ContainmentPlanner
from cordon.response.sts_leg import StsLegs, sts_leg
from cordon.things.role_aliases import RoleAliasFacts

from ..conftest import ACCOUNT, REGION, THING, Bed

INCIDENT = "inc-20261102-0123456789"
DENY = f"arn:aws:iam::{ACCOUNT}:policy/cordon-deny"
IOT = f"arn:aws:iot:{REGION}:{ACCOUNT}"
FIRST, SECOND = "a" * 64, "b" * 64
ASSUME = "iot:AssumeRoleWithCertificate"


def allowing(resource: Any = "*", action: Any = ASSUME, name: str = "to-role") -> AttachedPolicy:
    """Return a policy that allows this."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return AttachedPolicy(name=name, document=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def certificate(*policies: AttachedPolicy, id_: str = FIRST, things: tuple[str, ...] = (THING,)) -> CertificateFacts:
    """Return a certificate with these policies."""
    return CertificateFacts(
        id=id_, arn=f"{IOT}:cert/{id_}", status="ACTIVE", policies=list(policies), things=list(things)
    )


def thing(*certificates: CertificateFacts, groups: tuple[GroupFacts, ...] = ()) -> ThingFacts:
    """Return a thing with these certificates, in these groups."""
    return ThingFacts(
        name=THING,
        arn=f"{IOT}:thing/{THING}",
        type_name=None,
        attributes={},
        version=1,
        criticality=Criticality.STANDARD,
        certificates=list(certificates),
        other_principals=[],
        groups=list(groups),
    )


def route(
    alias: str = "device", role: str = "DeviceRole", *, carries: bool = True, gone: bool = False
) -> RoleAliasFacts:
    """Return a role alias, whose role carries the deny policy, does not, or is not there."""
    return RoleAliasFacts(
        alias=alias,
        role_name=role,
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/{role}",
        role_id=None if gone else "AROA1",
        policies=[DENY] if carries and not gone else ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
    )


def leg(facts: ThingFacts, *routes: RoleAliasFacts, **more: Any) -> tuple[list[Change], list[Gap]]:
    """Return the leg of a thing."""
    return sts_leg(facts, list(routes), DENY, incident_id=INCIDENT, **more)


def denied(changes: list[Change]) -> list[str]:
    """Return the certificates whose sessions the changes have denied, all of them before not and after so."""
    assert all((one.before, one.after, one.reversible, one.hits) == (False, True, True, [THING]) for one in changes)
    assert all(one.action == "sts_deny" and one.resource.endswith(f"/{INCIDENT}") for one in changes)
    return [one.resource.split("/")[1] for one in changes]


def test_credentials_of_a_role_that_carries_the_policy_are_denied_and_nothing_stays_open() -> None:
    """Each own certificate that may ask for them; one that may not has none."""
    changes, gaps = leg(thing(certificate(allowing()), certificate(id_=SECOND)), route())
    assert (denied(changes), gaps) == ([FIRST], [])


@pytest.mark.parametrize(
    ("resource", "reached"),
    [
        ("*", True),
        (f"{IOT}:rolealias/device", True),
        (f"{IOT}:rolealias/*", True),
        (f"{IOT}:rolealias/devic?", True),
        ([f"{IOT}:rolealias/other", f"{IOT}:rolealias/device"], True),
        (f"{IOT}:rolealias/${{iot:Connection.Thing.ThingTypeName}}", True),
        (f"{IOT}:rolealias/other", False),
        (f"{IOT}:topic/*", False),
        (f"{IOT}:rolealias/device-2", False),
    ],
)
def test_only_role_aliases_that_a_policy_allows_are_a_way(resource: Any, *, reached: bool) -> None:
    """A pattern, a list, or a variable, which may stand for anything."""
    changes, gaps = leg(thing(certificate(allowing(resource))), route(carries=False))
    assert (denied(changes), len(gaps)) == (([FIRST], 1) if reached else ([], 0))


def test_a_policy_that_cannot_be_read_allows_every_role_alias() -> None:
    """Nobody knows what AWS makes of it."""
    changes, gaps = leg(thing(certificate(AttachedPolicy(name="p", document="{"))), route(), route("b", "B"))
    assert (denied(changes), gaps) == ([FIRST], [])


def test_a_groups_policy_counts_for_every_certificate() -> None:
    """It binds a thing whose client id is its name."""
    group = GroupFacts(name="line-1", arn=f"{IOT}:thinggroup/line-1", policies=[allowing()])
    changes, _ = leg(thing(certificate(), certificate(id_=SECOND), groups=(group,)), route())
    assert denied(changes) == [FIRST, SECOND]


def test_a_role_that_does_not_carry_the_policy_is_named_with_how_to_attach_it() -> None:
    """Once, however many role aliases and certificates lead to it; the sessions are denied where they can be."""
    facts = thing(certificate(allowing()), certificate(allowing(), id_=SECOND))
    changes, gaps = leg(facts, route(), route("b", "Bare", carries=False), route("c", "Bare", carries=False))
    assert denied(changes) == [FIRST, SECOND]
    assert [gap.resource for gap in gaps] == ["sts/Bare"]
    assert f"aws iam attach-role-policy --role-name Bare --policy-arn {DENY}" in gaps[0].reason


def test_a_role_of_which_nothing_is_known_stays_open() -> None:
    """It may be of another account: no policy of ours is attached there."""
    changes, gaps = leg(thing(certificate(allowing())), route(gone=True))
    assert denied(changes) == [FIRST]
    assert [gap.resource for gap in gaps] == ["sts/DeviceRole"]
    assert "attach-role-policy" not in gaps[0].reason


def test_a_shared_certificate_keeps_its_credentials_and_is_named() -> None:
    """Other things would lose theirs; the thing's own certificate is denied all the same."""
    facts = thing(certificate(allowing(), things=(THING, "pump-02")), certificate(allowing(), id_=SECOND))
    changes, gaps = leg(facts, route())
    assert denied(changes) == [SECOND]
    assert [(gap.resource, "shared" in gap.reason) for gap in gaps] == [(f"sts/{FIRST}", True)]


def test_a_thing_that_is_only_restricted_keeps_its_credentials() -> None:
    """It goes on working; a person reads that they stay good."""
    changes, gaps = leg(thing(certificate(allowing())), route(carries=False), containment=Containment.RESTRICT)
    assert changes == []
    assert [gap.resource for gap in gaps] == [f"sts/{FIRST}"]


def test_a_session_that_was_seen_is_denied_whatever_the_policies_say_now() -> None:
    """They may have been changed since, by a person or another incident, and it may be of any role alias there is."""
    facts = thing(certificate(), certificate(id_=SECOND))
    assert leg(facts, route(carries=False)) == ([], [])
    changes, gaps = leg(facts, route(carries=False), known=[FIRST])
    assert (denied(changes), [gap.resource for gap in gaps]) == ([FIRST], ["sts/DeviceRole"])
    assert leg(facts, route(), known=["c" * 64]) == ([], [])


class Aliases:
    """The account's role aliases, and how often they were read."""

    def __init__(self) -> None:
        self.reads = 0

    def all(self) -> list[RoleAliasFacts]:
        """Return them."""
        self.reads += 1
        return [route()]


def planned(bed: Bed, aliases: Aliases, facts: ThingFacts, **more: Any) -> Plan:
    """Return the whole plan."""
    sts = StsLegs(lambda: aliases, DENY)
    return ContainmentPlanner.over(bed.iot, ACCOUNT, "quarantine", sts=sts).plan(facts, INCIDENT, **more)


def test_role_aliases_are_read_only_where_they_matter(bed: Bed) -> None:
    """Most things may not ask for credentials, and asking IAM takes its time."""
    aliases = Aliases()
    planned(bed, aliases, thing(certificate(allowing(action="iot:Connect"))))
    assert aliases.reads == 0
    planned(bed, aliases, thing(certificate(allowing())))
    planned(bed, aliases, thing(certificate()), session_of=FIRST)
    assert aliases.reads == 2


def test_what_another_incident_has_denied_this_one_holds_too() -> None:
    """The other one has replaced the policies that allowed it; undone, it would let the sessions go."""
    sts = StsLegs(Aliases, DENY, lambda certificate_id: certificate_id == FIRST)
    changes, gaps = sts.plan(thing(certificate(), certificate(id_=SECOND)), INCIDENT)
    assert (denied(changes), gaps) == ([FIRST], [])


def test_the_sessions_are_denied_last_and_given_back_first(bed: Bed) -> None:
    """After all that bites faster; and the plan's hash is over them too."""
    made = planned(bed, Aliases(), thing(certificate(allowing())))
    assert [change.action for change in made.changes][-1] == "sts_deny"
    without = planned(bed, Aliases(), thing(certificate(allowing(action="iot:Connect"))))
    assert [change.action for change in without.changes].count("sts_deny") == 0
