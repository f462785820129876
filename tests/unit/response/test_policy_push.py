from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from cordon.errors import RecordBusy, SameIdentity, StalePolicy
from cordon.incidents.table import ConditionFailed
from cordon.model.response_policy import ResponsePolicy
from cordon.response.policy_push import Tell
from cordon.response.policy_store import Policies

from tests.unit.response.conftest import POLICY_BUCKET, Place, policy, tell_nobody

TIGHT, WIDE = policy("observe"), policy("automatic", budgets=[{"scope": "fleet", "things": 10}])
WIDER = policy("automatic", budgets=[{"scope": "fleet", "things": 11}])


@pytest.fixture
def tight(place: Place) -> Place:
    """A place in which a policy is in force that only watches."""
    place.seed(TIGHT)
    return place


def push(
    place: Place, pushed: ResponsePolicy, by: str, base: ResponsePolicy | None = TIGHT, tell: Tell | None = None
) -> Any:
    """Push from a runtime of its own, having seen `base` in force."""
    return place.anew().push(pushed, by=by, base=base.hash if base else None, tell=tell or tell_nobody)


def test_what_loosens_nothing_is_in_force_at_once(place: Place) -> None:
    """One person may push the first policy that only asks, and then any that is tighter; each push is recorded."""
    asks, tighter = policy("approve"), policy("approve", leases={"hours": 24})
    first = push(place, asks, "ann", None)
    assert (first.status, first.needs, first.loosenings) == ("in_force", None, [])
    place.bed.clock.advance(seconds=1)
    assert push(place, tighter, "ann", asks).status == "in_force"
    assert place.in_force() == tighter
    head, *pushes = place.bed.rows("POLICY")
    assert (head["hash"], head["pushed_by"]) == (tighter.hash, "ann")
    assert [one["hash"] for one in pushes] == [asks.hash, tighter.hash]


def test_what_loosens_waits_for_a_second_person(tight: Place) -> None:
    """The first push changes nothing that counts; the second, by another, puts it in force, and both are recorded."""
    first = push(tight, WIDE, "ann")
    assert (first.status, first.hash, first.version) == ("proposed", WIDE.hash, None)
    assert first.loosenings[0].startswith("playbooks.contain_thing: automatic where it was observe")
    assert first.needs is not None
    assert "another person must push the very same one until 2026-11-03T12:00:00+00:00" in first.needs
    assert tight.in_force() == TIGHT
    kept = tight.s3.get_object(Bucket=POLICY_BUCKET, Key=f"proposals/{WIDE.hash}.json")["Body"].read()
    assert kept.decode() == WIDE.canonical
    second = push(tight, WIDE, "bob")
    assert (second.status, second.needs) == ("in_force", None)
    assert second.loosenings == first.loosenings
    assert tight.in_force() == WIDE
    head = tight.bed.table.get("POLICY", "HEAD") or {}
    assert (head["proposed_by"], head["pushed_by"], head["version_id"]) == ("ann", "bob", second.version)
    assert "PROPOSAL" not in tight.rows()


def test_the_same_person_is_not_two(tight: Place) -> None:
    """Pushing it again changes nothing, and says who is needed and until when."""
    push(tight, WIDE, "ann")
    before = tight.bed.everything()
    with pytest.raises(SameIdentity, match=r"ann has pushed it already: another person must, until 2026-11-03T12:00"):
        push(tight, WIDE, "ann")
    assert tight.bed.everything() == before
    assert tight.in_force() == TIGHT


SESSION = "arn:aws:sts::123456789012:assumed-role/OnCall/alice"


@pytest.mark.parametrize(
    "again",
    [SESSION.replace("alice", "Alice"), SESSION.replace("OnCall", "oncall"), "arn:aws:iam::123456789012:role/OnCall"],
)
def test_a_push_is_not_seconded_by_another_spelling(tight: Place, again: str) -> None:
    """Nor by the role, where his session's name was pinned and the policy could not be read a moment later."""
    push(tight, WIDE, SESSION)
    before = tight.bed.everything()
    with pytest.raises(SameIdentity, match=f"{SESSION} has pushed it already"):
        push(tight, WIDE, again)
    assert tight.bed.everything() == before
    assert tight.in_force() == TIGHT
    assert push(tight, WIDE, SESSION.replace("alice", "dora")).status == "in_force"


def test_another_content_is_another_proposal(tight: Place) -> None:
    """What two people push must be the very same; the later proposal takes the place of the one before."""
    push(tight, WIDE, "ann")
    assert push(tight, WIDER, "bob").status == "proposed"
    assert push(tight, WIDE, "cid").status == "proposed"
    assert tight.in_force() == TIGHT
    assert push(tight, WIDE, "bob").status == "in_force"


def test_a_proposal_lasts_for_a_day(tight: Place) -> None:
    """A second before its day is over it can be seconded; at its end the second person's push is a proposal anew."""
    push(tight, WIDE, "ann")
    tight.bed.clock.advance(hours=24)
    late = push(tight, WIDE, "bob")
    assert (late.status, tight.in_force()) == ("proposed", TIGHT)
    tight.bed.clock.advance(hours=23, minutes=59, seconds=59)
    assert push(tight, WIDE, "ann").status == "in_force"


def test_a_proposal_from_the_future_is_none(tight: Place) -> None:
    """A clock that was wrong must not keep a proposal alive for longer than its day."""
    tight.bed.clock.advance(hours=48)
    push(tight, WIDE, "ann")
    tight.bed.clock.advance(hours=-48)
    assert push(tight, WIDE, "bob").status == "proposed"
    assert tight.in_force() == TIGHT


def test_a_proposal_is_about_the_policy_that_it_was_compared_with(tight: Place) -> None:
    """Once another policy is in force, nobody can second it: what it loosens is another thing."""
    push(tight, WIDE, "ann")
    push(tight, policy("observe", people={"on_call": "rota"}), "cid")
    with pytest.raises(StalePolicy, match="look at the difference again"):
        push(tight, WIDE, "bob")
    assert push(tight, WIDE, "bob", policy("observe", people={"on_call": "rota"})).status == "proposed"
    assert tight.in_force() == policy("observe", people={"on_call": "rota"})


@pytest.mark.parametrize("base", [None, WIDE], ids=["none", "another"])
def test_a_push_names_the_policy_that_it_was_compared_with(tight: Place, base: ResponsePolicy | None) -> None:
    """Whoever has seen none, or another than is in force, is told, and nothing is changed, be it ever so tight."""
    before = tight.bed.everything()
    with pytest.raises(StalePolicy):
        push(tight, policy("observe", people={"on_call": "rota"}), "ann", base)
    assert tight.bed.everything() == before


def test_what_is_in_force_already_may_be_pushed_again(tight: Place) -> None:
    """Whoever got no answer asks again, whatever he saw before: it is in force, and nothing is written."""
    before = tight.bed.everything()
    for base in (TIGHT, WIDE, None):
        assert push(tight, TIGHT, "ann", base).status == "in_force"
    assert tight.bed.everything() == before


def test_a_tighter_policy_takes_a_proposal_away(tight: Place) -> None:
    """A proposal is about what was in force before: it goes with it."""
    push(tight, WIDE, "ann")
    push(tight, policy("observe", people={"on_call": "rota"}), "ann")
    assert "PROPOSAL" not in tight.rows()


def test_what_cannot_be_compared_takes_two(tight: Place) -> None:
    """Whoever destroys the policy in force has not loosened it: whatever comes after it needs a second person."""
    tight.s3.delete_object(Bucket=POLICY_BUCKET, Key="response-policy.json", VersionId=tight.anew().in_force().version)
    first = push(tight, TIGHT, "ann", None)
    assert first.status == "proposed"
    assert first.loosenings == ["the response policy cannot be read: ClientError: nothing can be compared with it"]
    assert tight.in_force() is None
    assert push(tight, TIGHT, "bob", None).status == "in_force"
    assert tight.in_force() == TIGHT


class Meanwhile:
    """An S3 client that lets something happen before each object is written, or fails in its stead."""

    def __init__(self, s3: Any, happening: Any) -> None:
        self.s3, self.happenings = s3, [happening]

    def put_object(self, **asked: Any) -> Any:
        """Let it happen, once, and then write."""
        if self.happenings:
            self.happenings.pop()()
        return self.s3.put_object(**asked)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.s3, name)


def racing(place: Place, happening: Any) -> Policies:
    """A runtime in whose push something happens after it has looked and before it writes."""
    return place.anew(s3=Meanwhile(place.s3, happening))


def test_of_two_pushes_at_once_one_wins_and_the_other_is_told(tight: Place) -> None:
    """The loser's row is not written, though its object is: what is in force is the winner's."""
    rota, other = (policy("observe", people={"on_call": name}) for name in ("rota", "other"))
    with pytest.raises(StalePolicy):
        racing(tight, lambda: push(tight, rota, "ann")).push(other, by="bob", base=TIGHT.hash, tell=tell_nobody)
    assert tight.in_force() == rota
    assert {row["hash"] for row in tight.bed.rows("POLICY", "PUSH#")} == {TIGHT.hash, rota.hash}


def test_two_people_who_push_the_same_at_once_are_two_people(tight: Place) -> None:
    """Both find no proposal: one's becomes the proposal, and the other's seconds it."""
    second = racing(tight, lambda: push(tight, WIDE, "ann")).push(WIDE, by="bob", base=TIGHT.hash, tell=tell_nobody)
    assert second.status == "in_force"
    assert (tight.bed.table.get("POLICY", "HEAD") or {})["proposed_by"] == "ann"


def test_one_person_who_pushes_twice_at_once_is_one(tight: Place) -> None:
    """The second of the same person finds the first, and nothing comes into force."""
    with pytest.raises(SameIdentity):
        racing(tight, lambda: push(tight, WIDE, "ann")).push(WIDE, by="ann", base=TIGHT.hash, tell=tell_nobody)
    assert tight.in_force() == TIGHT


def test_a_proposal_that_was_replaced_meanwhile_is_not_seconded(tight: Place) -> None:
    """Between the look at the proposal and the write another takes its place: the push becomes a proposal itself."""
    push(tight, WIDE, "ann")
    pushed = racing(tight, lambda: push(tight, WIDER, "cid")).push(WIDE, by="bob", base=TIGHT.hash, tell=tell_nobody)
    assert (pushed.status, tight.in_force()) == ("proposed", TIGHT)


def died() -> None:
    """What a process that is stopped looks like from within."""
    raise KeyboardInterrupt


class Stopped:
    """A table whose process dies before, or just after, a write."""

    def __init__(self, table: Any, *, after: bool) -> None:
        self.table, self.after = table, after

    def write(self, *writes: Any) -> None:
        """Write or not, and die."""
        if self.after:
            self.table.write(*writes)
        died()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.table, name)


@pytest.mark.parametrize("pushed", [policy("observe", people={"on_call": "rota"}), WIDE], ids=["tighter", "looser"])
@pytest.mark.parametrize("where", ["before the object", "before the row", "after the row"])
def test_a_push_that_dies_anywhere_is_whole_or_not_at_all(tight: Place, pushed: ResponsePolicy, where: str) -> None:
    """Whatever was written when it died, a policy is in force; and pushed again, by the people it takes, it is."""
    stopped = tight.anew(
        s3=Meanwhile(tight.s3, died) if where == "before the object" else None,
        table=None if where == "before the object" else Stopped(tight.bed.table, after=where == "after the row"),
    )
    with pytest.raises(KeyboardInterrupt):
        stopped.push(pushed, by="ann", base=TIGHT.hash, tell=tell_nobody)
    assert tight.in_force() == (pushed if where == "after the row" and pushed != WIDE else TIGHT)
    for person in ("bob", "cid"):
        tight.anew().push(pushed, by=person, base=tight.anew().in_force().hash, tell=tell_nobody)
    assert tight.in_force() == pushed


def test_passing_trouble_does_not_look_like_no_policy(tight: Place) -> None:
    """While the bucket cannot be read nothing is compared, and nothing pushed: a tight policy is not forgotten."""

    class Slow(Meanwhile):
        def get_object(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "SlowDown", "Message": "slow down"}}, "GetObject")

    before = tight.bed.everything()
    with pytest.raises(ClientError, match="SlowDown"):
        tight.anew(s3=Slow(tight.s3, died)).push(policy("approve"), by="ann", base=None, tell=tell_nobody)
    assert tight.bed.everything() == before


def test_whoever_is_beaten_each_time_is_told(tight: Place) -> None:
    """A push that meets another each time gives up, and nothing of it counts."""

    class Busy(Stopped):
        def write(self, *writes: Any) -> None:
            raise ConditionFailed([0])

    with pytest.raises(RecordBusy, match="others pushed a policy 5 times"):
        tight.anew(table=Busy(tight.bed.table, after=False)).push(
            policy("observe", people={"on_call": "rota"}), by="ann", base=TIGHT.hash, tell=tell_nobody
        )
    assert tight.in_force() == TIGHT
