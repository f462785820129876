"""The stack's policy that denies sessions, over a local IAM and the record's table."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cordon.actions.sts_deny import StsDeny, plan_deny
from cordon.actions.sts_policy import StsPolicy, deny_document
from cordon.incidents import rows
from cordon.incidents.sts_holds import StsHolds
from cordon.incidents.table import Row
from cordon.model.base import canonical_json
from cordon.model.change import Change
from cordon.model.thing import CertificateFacts

from playtest.local_aws import iam_policies

from .conftest import ACCOUNT, REGION, TABLE, THING, Bed


def numbered(n: int) -> str:
    """Return the n-th certificate id."""
    return f"{n:064x}"


def incident(n: int) -> str:
    """Return the n-th incident id."""
    return f"inc-20261102-{n:010x}"


def denial(certificate_id: str, incident_id: str) -> Change:
    """Return the change that has the certificate's sessions denied for the incident."""
    arn = f"arn:aws:iot:{REGION}:{ACCOUNT}:cert/{certificate_id}"
    certificate = CertificateFacts(id=certificate_id, arn=arn, status="ACTIVE", policies=[], things=[THING])
    return plan_deny(certificate, incident_id=incident_id)


class Died(BaseException):
    """The runtime is gone, in the middle of a step."""


class Mortal:
    """Kills a step after its n-th call took effect: from then on no call of it is made, in no `finally` either."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def before(self, **_: Any) -> None:
        """Make no call any more."""
        if self.left <= 0:
            raise Died

    def after(self, **_: Any) -> None:
        """Count a call that took effect, and die if it was the last."""
        self.left -= 1
        self.before()

    @property
    def is_dead(self) -> bool:
        """Say whether it died."""
        return self.left <= 0


class Interrupted:
    """Lets something else happen after a step's n-th call."""

    def __init__(self, at: int, act: Callable[[], None]) -> None:
        self.left, self._act = at, act

    def before(self, **_: Any) -> None:
        """Let the call be made."""

    def after(self, **_: Any) -> None:
        """Count a call, and act after that one."""
        self.left -= 1
        if self.left == 0:
            self._act()


@dataclass
class Denials:
    """The policy, the holds, and the action over both."""

    bed: Bed
    iam: Any = field(init=False)
    arn: str = field(init=False)

    def __post_init__(self) -> None:
        iam_policies.install()
        self.iam = self.bed.client("iam")
        made = self.iam.create_policy(PolicyName="deny", PolicyDocument=canonical_json(deny_document([])))
        self.arn = made["Policy"]["Arn"]

    @property
    def policy(self) -> StsPolicy:
        """Return the policy."""
        return StsPolicy(lambda: self.iam, self.arn)

    @property
    def action(self) -> StsDeny:
        """Return the action."""
        return StsDeny(StsHolds(self.bed.table), self.policy, table_name=TABLE)

    @contextmanager
    def watched(self, watcher: Mortal | Interrupted) -> Iterator[StsDeny]:
        """Give the action while each of its calls goes past `watcher`."""
        clients = (self.bed.client("dynamodb"), self.iam)
        for client in clients:
            client.meta.events.register("before-call", watcher.before)
            client.meta.events.register("after-call", watcher.after)
        try:
            with contextlib.suppress(Died):
                yield self.action
        finally:
            for client in clients:
                client.meta.events.unregister("before-call", watcher.before)
                client.meta.events.unregister("after-call", watcher.after)

    def deny(self, certificate: int, by: int = 1) -> Change:
        """Have the n-th certificate's sessions denied for an incident, and return the change."""
        change = denial(numbered(certificate), incident(by))
        self.action.apply(change)
        return change

    @property
    def document(self) -> Any:
        """Return what IAM goes by."""
        return self.policy.document()

    @property
    def versions(self) -> list[str]:
        """Return the ids of the policy's versions."""
        listed = self.iam.list_policy_versions(PolicyArn=self.arn)["Versions"]
        return sorted(version["VersionId"] for version in listed)

    @property
    def holds(self) -> list[Row]:
        """Return the rows of the holds that were not put away."""
        return self.bed.rows(rows.STS, rows.STS_HOLDS)

    @property
    def is_locked(self) -> bool:
        """Say whether anybody has the lock."""
        return self.bed.table.get(rows.STS, rows.LOCK) is not None

    def write_by_hand(self, document: dict[str, Any]) -> None:
        """Make a document the default version, as a person or a deploy does."""
        self.iam.create_policy_version(PolicyArn=self.arn, PolicyDocument=canonical_json(document), SetAsDefault=True)
