from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cordon.model.alarm import Alarm, Attribution, Certainty, Clue, ClueKind
from cordon.things.attribution import Attributor
from cordon.things.role_aliases import RoleAliasFacts

from ..conftest import ACCOUNT, REGION, THING, an_alarm
from .conftest import Registry

ROLE_ID = "AROAIOSFODNN7EXAMPLE"
GATEWAY = "i-0c0ffee0c0ffee001"
NOBODYS = "0f" * 32


@dataclass
class Aliases:
    """The role aliases of the account, as they are said to be; counts how often they are asked for."""

    facts: list[RoleAliasFacts]
    asked: int = 0

    def all(self) -> list[RoleAliasFacts]:
        """Return them."""
        self.asked += 1
        return self.facts


def alias(name: str = "device", *, only: bool = True, role_id: str | None = ROLE_ID) -> RoleAliasFacts:
    """Return a role alias, whose role only the credentials provider may assume or others too."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    return RoleAliasFacts(alias=name, role_name=name, role_arn=arn, role_id=role_id, only_credentials_provider=only)


def session(certificate_id: str, role_id: str | None = ROLE_ID, *, acted: bool = True) -> Clue:
    """Return the clue of a role session that is named after a certificate."""
    return Clue(kind=ClueKind.CERTIFICATE_SESSION, value=certificate_id, role_id=role_id, acted=acted)


def instance(instance_id: str = GATEWAY, *, acted: bool = True) -> Clue:
    """Return the clue of an EC2 instance."""
    return Clue(kind=ClueKind.EC2_INSTANCE, value=instance_id, acted=acted)


def attributed(registry: Registry, *clues: Clue, aliases: Aliases | None = None, **changed: Any) -> list[Alarm]:
    """Attribute an alarm of a finding with these clues."""
    alarm = an_alarm(**{"id": "f1", "thing_name": None, "clues": list(clues), **changed})
    iot: Any = registry.iot
    return Attributor(iot, aliases or Aliases([alias()]), ACCOUNT).attribute(alarm)


def the_only(found: list[Alarm]) -> tuple[str | None, Attribution]:
    """Return thing and attribution of the only alarm, whose id is as it was."""
    (alarm,) = found
    assert alarm.id == "f1"
    assert alarm.attribution is not None
    return alarm.thing_name, alarm.attribution


def things(registry: Registry, *names: str, **attributes: str) -> None:
    """Make things with these attributes."""
    for name in names:
        registry.thing(name, **attributes)


def serves(registry: Registry, certificate_id: str, pages: list[list[str]]) -> Iterator[dict[str, list[str]]]:
    """Let AWS know a certificate of so many things, page by page, and return the pages, which are read once."""
    left = iter([{"things": page} for page in pages])

    class Paginator:
        """ListPrincipalThings in pages."""

        def paginate(self, **_: Any) -> Iterator[dict[str, list[str]]]:
            """Return the pages one by one."""
            return left

    registry.iot.answers["describe_certificate", certificate_id] = {"certificateDescription": {"certificateArn": "arn"}}
    registry.iot.answers["get_paginator", ""] = Paginator()
    return left


def test_an_alarm_that_names_its_thing_is_taken_at_its_word(registry: Registry) -> None:
    """Nothing is read, and clues beside it change nothing."""
    thing, attribution = the_only(attributed(registry, session(NOBODYS), thing_name=THING))
    assert (thing, attribution.certainty, registry.iot.calls) == (THING, Certainty.STATED, [])


def test_a_session_of_a_role_that_only_the_credentials_provider_assumes_is_proof(registry: Registry) -> None:
    """Nobody else could have named it after that certificate."""
    things(registry, THING)
    certificate = registry.certificate()
    thing, attribution = the_only(attributed(registry, session(certificate)))
    assert (thing, attribution.certainty, attribution.certificate_id) == (THING, Certainty.PROVEN, certificate)
    assert "only the credentials provider" in attribution.how


@pytest.mark.parametrize(
    "aliases",
    [
        [],
        [alias(only=False)],
        [alias(role_id="AROAANOTHERROLE00000")],
        [alias(role_id=None)],
        [alias(), alias("second", only=False)],
    ],
)
def test_any_other_session_is_only_inference(registry: Registry, aliases: list[RoleAliasFacts]) -> None:
    """Whoever may assume a role names his session as he likes: after a victim's certificate, too."""
    things(registry, THING)
    certificate = registry.certificate()
    thing, attribution = the_only(attributed(registry, session(certificate), aliases=Aliases(aliases)))
    assert (thing, attribution.certainty, attribution.certificate_id) == (THING, Certainty.INFERRED, certificate)
    assert "may " in attribution.how


@pytest.mark.parametrize("role_id", [None, ""])
def test_a_session_of_no_known_role_is_only_inference(registry: Registry, role_id: str | None) -> None:
    """A role that is gone has no id, and no id is not an id that agrees."""
    things(registry, THING)
    clue = session(registry.certificate(), role_id)
    _, attribution = the_only(attributed(registry, clue, aliases=Aliases([alias(role_id=None)])))
    assert attribution.certainty is Certainty.INFERRED


@pytest.mark.parametrize("wrong", ["A" * 64, "0f" * 31, "0f" * 33, "../" + "0f" * 32, "", "i-0c0ffee0c0ffee001"])
def test_a_clue_of_another_form_gets_near_no_call(registry: Registry, wrong: str) -> None:
    """Its source has checked it; AWS is asked for nothing else all the same."""
    for clue in (session(wrong), instance(wrong.replace("i-", "x-"))):
        thing, attribution = the_only(attributed(registry, clue))
        assert (thing, attribution.certainty) == (None, Certainty.UNKNOWN)
    assert registry.iot.calls == []


def test_a_certificate_that_is_not_ours_leads_nowhere(registry: Registry) -> None:
    """64 hex digits of nobody: no thing, and the role aliases are not even read."""
    aliases = Aliases([alias()])
    thing, attribution = the_only(attributed(registry, session(NOBODYS), aliases=aliases))
    assert (thing, attribution.certainty, attribution.candidates, aliases.asked) == (None, Certainty.UNKNOWN, [], 0)
    assert "No certificate of this account" in attribution.how


def test_a_certificate_without_a_thing_leads_nowhere(registry: Registry) -> None:
    """It is named, so that a person finds it."""
    certificate = registry.certificate(registry.policy("left-over", "iot:Connect"), things=())
    thing, attribution = the_only(attributed(registry, session(certificate)))
    assert (thing, attribution.certainty, attribution.certificate_id) == (None, Certainty.UNKNOWN, certificate)
    assert f"No thing is on the certificate {certificate[:12]}" in attribution.how


def test_a_certificate_of_300_things_leads_to_none_of_them(registry: Registry) -> None:
    """How many there are and the first ten are told; which of them it was, nobody knows."""
    names = [f"meter-{number:03}" for number in range(300)]
    serves(registry, NOBODYS, [names[:250], names[250:]])
    thing, attribution = the_only(attributed(registry, session(NOBODYS)))
    assert (thing, attribution.certainty, attribution.candidates) == (None, Certainty.UNKNOWN, names[:10])
    assert "There are 300 things" in attribution.how


def test_no_more_things_are_counted_than_serve_a_purpose(registry: Registry) -> None:
    """A certificate of a whole fleet costs four pages, and is said to have at least a thousand."""
    pages = serves(registry, NOBODYS, [[f"t-{page}-{number}" for number in range(250)] for page in range(40)])
    _, attribution = the_only(attributed(registry, session(NOBODYS)))
    assert "at least 1000 things" in attribution.how
    assert len(list(pages)) == 36


def test_the_thing_that_the_registry_names_for_an_instance_is_proof(registry: Registry) -> None:
    """Only who may UpdateThing could have written it there."""
    things(registry, "gateway-01", ec2InstanceId=GATEWAY)
    things(registry, "gateway-02", ec2InstanceId="i-0000000000000000a")
    thing, attribution = the_only(attributed(registry, instance()))
    assert (thing, attribution.certainty, attribution.certificate_id) == ("gateway-01", Certainty.PROVEN, None)
    assert "ec2InstanceId" in attribution.how


@pytest.mark.parametrize("names", [(), ("gateway-01", "gateway-02")])
def test_an_instance_of_no_thing_or_several_leads_to_none(registry: Registry, names: tuple[str, ...]) -> None:
    """Two things that name one instance: a person says which."""
    things(registry, *names, ec2InstanceId=GATEWAY)
    thing, attribution = the_only(attributed(registry, instance()))
    assert (thing, attribution.certainty, attribution.candidates) == (None, Certainty.UNKNOWN, list(names))


def test_an_instance_that_was_only_acted_upon_is_inference(registry: Registry) -> None:
    """Anybody may knock at it: the thing is found all the same, and a person is told why it proves nothing."""
    things(registry, "gateway-01", ec2InstanceId=GATEWAY)
    thing, attribution = the_only(attributed(registry, instance(acted=False)))
    assert (thing, attribution.certainty) == ("gateway-01", Certainty.INFERRED)
    assert attribution.how.endswith("that anybody may have done this to it.")


def test_a_session_that_is_only_a_resource_is_inference(registry: Registry) -> None:
    """Whatever its role: a sequence names it among what the attack came upon."""
    things(registry, THING)
    certificate = registry.certificate(registry.policy("p", "iot:Connect"), things=(THING,))
    thing, attribution = the_only(attributed(registry, session(certificate, acted=False)))
    assert (thing, attribution.certainty) == (THING, Certainty.INFERRED)
    assert attribution.certificate_id == certificate


def test_acting_makes_nothing_surer_than_it_is(registry: Registry) -> None:
    """What leads to no thing is unknown, whether it acted or not."""
    for acted in (True, False):
        _, attribution = the_only(attributed(registry, instance(acted=acted)))
        assert attribution.certainty is Certainty.UNKNOWN


def test_several_things_have_an_alarm_each(registry: Registry) -> None:
    """In the order of the clues, with ids of their own, and each says that another clue led nowhere."""
    things(registry, "camera-01", ec2InstanceId=GATEWAY)
    things(registry, "pump-07")
    certificate = registry.certificate(things=("pump-07",))
    found = attributed(registry, instance(), session(NOBODYS), session(certificate, "AROAOTHER00000000000"))
    assert [(alarm.id, alarm.thing_name) for alarm in found] == [("f1/1", "camera-01"), ("f1/2", "pump-07")]
    told = [alarm.attribution for alarm in found if alarm.attribution]
    assert [one.certainty for one in told] == [Certainty.PROVEN, Certainty.INFERRED]
    assert ["1 led to no thing" in one.how for one in told] == [True, True]


@pytest.mark.parametrize("turned", [False, True])
def test_a_thing_that_two_clues_lead_to_is_there_once_by_the_surer(registry: Registry, *, turned: bool) -> None:
    """Whichever of the two comes first."""
    things(registry, THING)
    certificate = registry.certificate()
    clues = [session(certificate, "AROAOTHER00000000000"), session(certificate)]
    thing, attribution = the_only(attributed(registry, *(reversed(clues) if turned else clues)))
    assert (thing, attribution.certainty) == (THING, Certainty.PROVEN)


def test_without_a_clue_there_is_nothing_to_look_up(registry: Registry) -> None:
    """A finding about a bucket."""
    thing, attribution = the_only(attributed(registry))
    assert (thing, attribution.certainty, registry.iot.calls) == (None, Certainty.UNKNOWN, [])


@pytest.mark.parametrize("elsewhere", [{"account": "210987654321"}, {"region": "us-east-1"}])
def test_what_is_of_another_account_or_region_is_never_looked_up(registry: Registry, elsewhere: dict[str, str]) -> None:
    """A certificate id is the same in two Regions where the same certificate is registered in both."""
    things(registry, THING)
    changed: dict[str, Any] = {**elsewhere}
    thing, attribution = the_only(attributed(registry, session(registry.certificate()), **changed))
    assert (thing, attribution.certainty, registry.iot.calls) == (None, Certainty.UNKNOWN, [])
    assert next(iter(elsewhere.values())) in attribution.how


@pytest.mark.parametrize("operation", ["describe_certificate", "get_paginator"])
def test_an_outage_is_no_attribution(registry: Registry, operation: str) -> None:
    """What cannot be read is raised, so that the alarm comes again: never taken for a certificate that is not there."""
    things(registry, THING)
    certificate = registry.certificate()
    trouble = ClientError({"Error": {"Code": "ThrottlingException"}}, operation)
    registry.iot.answers[operation, certificate if operation == "describe_certificate" else ""] = trouble
    with pytest.raises(ClientError):
        attributed(registry, session(certificate))


def test_the_region_is_that_of_the_client(registry: Registry) -> None:
    """An attributor looks up what is of its own place only."""
    assert registry.iot.meta.region_name == REGION
