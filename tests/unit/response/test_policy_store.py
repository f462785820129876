from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from cordon.errors import RecordBusy
from cordon.incidents.table import key, update
from cordon.model.base import sha256_hex

from tests.unit.response.conftest import POLICY_BUCKET, Place, policy, tell_nobody

OBJECT = {"Bucket": POLICY_BUCKET, "Key": "response-policy.json"}


def test_what_was_pushed_is_in_force_with_its_version_and_hash(place: Place) -> None:
    """A runtime that starts later reads the same policy, and by which object and hash it is known."""
    pushed = place.policies.push(policy(), by="ann", base=None, tell=tell_nobody)
    found = place.anew().in_force()
    assert found.policy == policy()
    assert (found.hash, found.trouble) == (policy().hash, None)
    assert found.version == pushed.version == place.s3.head_object(**OBJECT)["VersionId"]


def test_before_anything_was_pushed_there_is_none(place: Place) -> None:
    """No policy is said to be none, and why."""
    found = place.policies.in_force()
    assert (found.policy, found.version, found.hash) == (None, None, None)
    assert found.trouble == "no response policy was ever pushed"


def test_an_object_written_past_cordon_is_not_believed(place: Place) -> None:
    """The row names a version: what is written over it changes nothing, and without it there is no policy."""
    place.seed(policy("observe"))
    place.s3.put_object(**OBJECT, Body=policy("automatic").canonical)
    assert place.in_force() == policy("observe")
    place.s3.delete_object(**OBJECT, VersionId=place.anew().in_force().version)
    found = place.anew().in_force()
    assert (found.policy, found.hash) == (None, None)
    assert found.trouble == "the response policy cannot be read: ClientError"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{}", "the response policy in the bucket is not the one that was put in force"),
        (policy("automatic").canonical.encode(), "the response policy in the bucket is not the one that was"),
    ],
)
def test_a_version_with_other_bytes_is_none(place: Place, body: bytes, said: str) -> None:
    """A row that names another version than it was pushed with is not believed: the hash decides."""
    place.seed(policy())
    other = place.s3.put_object(**OBJECT, Body=body)["VersionId"]
    place.bed.table.write(update(key("POLICY", "HEAD"), set_={"version_id": other}))
    found = place.anew().in_force()
    assert found.policy is None
    assert found.trouble is not None
    assert found.trouble.startswith(said)


def test_a_policy_that_this_code_cannot_read_is_none(place: Place) -> None:
    """Bytes with the right hash that are no policy, as a later version's may be: nothing of them is guessed."""
    body = '{"playbooks":{},"a_later_field":1}'
    version = place.s3.put_object(**OBJECT, Body=body)["VersionId"]
    place.seed(policy())
    place.bed.table.write(update(key("POLICY", "HEAD"), set_={"version_id": version, "hash": sha256_hex(body)}))
    found = place.anew().in_force()
    assert found.policy is None
    assert found.trouble == "the response policy is not one: Extra inputs are not permitted"


class Broken:
    """A client or a table that answers everything with an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        def fail(*_: object, **__: object) -> None:
            raise self.error

        return fail


THROTTLED = ClientError({"Error": {"Code": "SlowDown", "Message": "slow down"}}, "GetObject")
UNREACHED = EndpointConnectionError(endpoint_url="https://s3")


@pytest.mark.parametrize("error", [THROTTLED, UNREACHED, RecordBusy("busy")], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("down", ["s3", "table"])
def test_what_cannot_be_read_just_now_is_none(place: Place, down: str, error: Exception) -> None:
    """Table or bucket down: no policy, never an error, and never the last one that somebody remembers."""
    place.seed(policy())
    found = place.anew(**{down: Broken(error)}).in_force()
    assert (found.policy, found.hash) == (None, None)
    assert found.trouble == f"the response policy cannot be read: {type(error).__name__}"


def test_a_policy_is_remembered_for_half_a_minute(place: Place) -> None:
    """A push counts everywhere after 30 s; a clock that goes back reads again."""
    place.seed(policy("approve"))
    other = place.anew()
    assert other.in_force().policy == policy("approve")
    place.seed(policy("observe"))
    assert place.policies.in_force().policy == policy("observe")
    place.bed.clock.advance(seconds=29)
    assert other.in_force().policy == policy("approve")
    place.bed.clock.advance(seconds=1)
    assert other.in_force().policy == policy("observe")
    place.seed(policy("observe", people={"on_call": "x"}))
    place.bed.clock.advance(hours=-1)
    assert other.in_force().policy == policy("observe", people={"on_call": "x"})
