"""What a look at an incident comes to, and every reason for which a person decides instead of Cordon."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cordon.model.alarm import DESK, Attribution, Certainty, Severity
from cordon.model.incident import Containment, Mode
from cordon.model.policy_calendar import Exemption, Freeze
from cordon.model.response_policy import PlaybookPolicy, ResponsePolicy
from cordon.response.assessment import Assessor, Outlook
from cordon.response.containment import ContainmentPlanner
from cordon.response.policy_store import InForce
from cordon.things.facts import ThingReader

from playtest.run.demo_policy import demo_policy

from ..conftest import ACCOUNT, MORNING, REGION, THING, Bed
from ..things.conftest import Registry


class Looks:
    """A fleet of one pump, and looks at incidents about it."""

    def __init__(self, bed: Bed) -> None:
        self.bed, self.registry = bed, Registry(bed)
        self.read: list[str] = []

    def reader(self, policy: ResponsePolicy | None) -> ThingReader:
        """Return a reader under the policy that the incident is looked at."""
        iot: Any = self.registry.iot
        iot_data: Any = self.registry.iot_data
        return ThingReader(iot, iot_data, policy=policy)

    def pump(self, *, shared_with: tuple[str, ...] = (), **attributes: str) -> None:
        """Make pump-01 with a certificate, which may serve others too."""
        for name in (THING, *shared_with):
            self.registry.thing(name, **attributes)
        self.registry.certificate(self.registry.policy("p", "iot:Connect"), things=(THING, *shared_with))

    def look(self, policy: ResponsePolicy | None, trouble: str | None = None, **alarm: Any) -> Outlook:
        """Open an incident by an alarm with these fields, and look at it."""
        incident = self.bed.opened(**alarm)
        opening = self.bed.incidents.sighting(incident.id, incident.opened_by)
        assessor = Assessor(
            self.bed.incidents,
            self.reader,
            ContainmentPlanner.over(self.bed.iot, ACCOUNT, "cordon-quarantine"),
            account=ACCOUNT,
            region=REGION,
        )
        return assessor.look(incident, opening, InForce(policy, hash=policy.hash if policy else None, trouble=trouble))


@pytest.fixture
def looks(bed: Bed) -> Looks:
    """No thing yet, and no incident."""
    return Looks(bed)


def test_a_thing_of_its_own_may_be_answered_automatically(looks: Looks) -> None:
    """A plan that hits that thing alone, and no reason for a person."""
    looks.pump()
    found = looks.look(demo_policy())
    assert (found.mode, found.containment) == (Mode.AUTOMATIC, Containment.ISOLATE)
    assert (found.blockers, found.questions, set(found.plan.things_hit)) == ([], [], {THING})


def test_without_a_policy_a_person_decides_and_is_told_why(looks: Looks) -> None:
    """No policy is no permission: the plan is made all the same, for the person to approve."""
    looks.pump()
    found = looks.look(None, trouble="the response policy cannot be read: ClientError")
    assert found.mode is Mode.APPROVE
    assert found.questions == [
        "nobody knows how critical it is: the response policy says where that stands, and there is none to read",
        "the response policy cannot be read: ClientError, so that a person decides",
    ]
    assert found.plan.changes


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("account", "210987654321", "account '210987654321'"), ("region", "us-east-1", "Region 'us-east-1'")],
)
def test_what_is_elsewhere_is_not_looked_up(looks: Looks, field: str, value: str, said: str) -> None:
    """A thing of ours may have the name of the other account's: it is not read, and nothing is planned for it."""
    looks.pump()
    found = looks.look(demo_policy(), **{field: value})
    assert (found.thing, found.plan.changes, found.plan.effects) == (None, [], [])
    assert len(found.blockers) == 1
    assert said in found.blockers[0]
    assert looks.registry.iot.calls == []


def test_an_alarm_that_names_no_thing_says_how_it_was_looked_for(looks: Looks) -> None:
    """The person begins where triage ended."""
    nowhere = Attribution(certainty=Certainty.UNKNOWN, how="certificate abc is not one of this account.")
    found = looks.look(demo_policy(), thing_name=None, attribution=nowhere)
    assert found.blockers == ["no thing is known: certificate abc is not one of this account."]
    assert looks.look(demo_policy(), thing_name="nobody", id="another").blockers == ["AWS IoT has no thing nobody"]


@pytest.mark.parametrize("certainty", list(Certainty))
def test_what_is_only_inferred_is_never_answered_without_a_person(looks: Looks, certainty: Certainty) -> None:
    """Anybody may have made it look so; what was stated or proven needs no such question."""
    looks.pump()
    found = looks.look(demo_policy(), attribution=Attribution(certainty=certainty, how="by a session's name."))
    asked = [question for question in found.questions if "only inferred: by a session's name." in question]
    assert len(asked) == (certainty in {Certainty.INFERRED, Certainty.UNKNOWN})


@pytest.mark.parametrize(("low", "asked"), [(Mode.OBSERVE, True), (Mode.APPROVE, True), (Mode.AUTOMATIC, False)])
def test_a_guess_never_says_how_far_cordon_goes(looks: Looks, low: Mode, asked: bool) -> None:
    """Where what is sure alone would let it go as far, the guess beside it keeps nothing from its answer."""
    looks.pump()
    rules = PlaybookPolicy(mode=Mode.AUTOMATIC, severity={Severity.LOW: low})
    looks.bed.opened(id="sure", finding_id="sure", severity=Severity.LOW)
    guess = Attribution(certainty=Certainty.INFERRED, how="by an instance that was attacked.")
    found = looks.look(
        demo_policy(playbooks={"contain_thing": rules}), id="b", severity=Severity.CRITICAL, attribution=guess
    )
    said = ["that it is critical is only inferred: what is surely about this thing is low at worst"]
    assert (found.mode, found.questions) == (Mode.AUTOMATIC, said if asked else [])


def test_the_newest_alarm_must_be_in_the_record(looks: Looks) -> None:
    """Whatever became of it: what cannot be read is a person's."""
    looks.pump()
    incident = looks.bed.opened(id="a1")
    looks.bed.set_head(incident.id, newest="gone")
    assert looks.look(demo_policy(), id="a1").questions == ["the newest alarm of it is not in the record"]


def test_what_a_person_asks_for_is_shown_before_it_is_done(looks: Looks) -> None:
    """Whatever the policy would do by itself, more or less than that."""
    looks.pump()
    for number, mode in enumerate(Mode):
        assert (
            looks.look(demo_policy(mode), source=DESK, id=f"asked-{number}", finding_id=f"{number}").mode
            is Mode.APPROVE
        )


def test_every_reason_of_the_policy_is_asked(looks: Looks) -> None:
    """Freeze, exemption and age at once: the person sees all of them, not the first."""
    looks.pump()
    policy = demo_policy(
        max_age_hours=1,
        freezes=[
            Freeze(
                name="bottling week",
                zone="UTC",
                start=(MORNING - timedelta(days=1)).replace(tzinfo=None),
                end=(MORNING + timedelta(days=1)).replace(tzinfo=None),
            )
        ],
        exemptions=[Exemption(thing=THING, owner="line 1", reason="trial", expires=MORNING + timedelta(days=1))],
    )
    found = looks.look(policy, raised_at=MORNING - timedelta(hours=2))
    asked = " | ".join(found.questions)
    assert all(word in asked for word in ("bottling week", "line 1", "days old"))
    assert found.blockers == []


@pytest.mark.parametrize("shared", [Mode.APPROVE, Mode.AUTOMATIC])
def test_a_shared_certificate_goes_as_far_as_the_policy_says_of_it(looks: Looks, shared: Mode) -> None:
    """And no other thing is hit by what is planned."""
    looks.pump(shared_with=("pump-02",))
    policy = demo_policy()
    rules = policy.playbooks["contain_thing"].model_copy(update={"shared_certificate": shared})
    found = looks.look(policy.model_copy(update={"playbooks": {"contain_thing": rules}}))
    assert found.mode is shared
    assert found.plan.things_hit <= {THING}


def test_a_safety_critical_thing_is_only_restricted_and_only_with_approval(looks: Looks) -> None:
    """Also under a policy that says automatic of everything."""
    looks.pump(criticality="safety-critical")
    found = looks.look(demo_policy())
    assert (found.mode, found.containment, found.plan.effects) == (Mode.APPROVE, Containment.RESTRICT, [])
