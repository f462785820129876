"""Attach a policy to a certificate, or detach it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from cordon.model.change import Change
from cordon.model.thing import CertificateFacts
from cordon.things.arns import IotArns
from cordon.things.facts import attached_names

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

MOST_POLICIES = 10
"""Policies that AWS IoT lets one certificate carry."""


class PolicyAttachment:
    """Changes of `certificate/<64 hex>/policy/<name>`: whether the policy is attached to the certificate."""

    name = "policy_attachment"

    def __init__(self, iot: IoTClient, arns: IotArns) -> None:
        """Act through `iot`; `arns` makes the certificate's ARN."""
        self._iot, self._arns = iot, arns

    def plan(self, certificate: CertificateFacts, *, replacement: str, but: Collection[str] = ()) -> list[Change]:
        """Return the changes that put `replacement` in place of all policies of the certificate, other than `but`.

        The own ones go first: a certificate holds ten policies at most, and with none it may do nothing at all.
        """
        own = [policy.name for policy in certificate.policies if policy.name not in {replacement, *but}]
        detached = [self._change(certificate, name, wanted=False, hits=certificate.things) for name in own]
        return [*detached, self._change(certificate, replacement, wanted=True, hits=certificate.things)]

    def plan_attach(self, certificate: CertificateFacts, policy: str, *, hits: list[str]) -> Change:
        """Return the change that attaches one policy more, which affects `hits` and nothing else on the certificate."""
        return self._change(certificate, policy, wanted=True, hits=hits)

    def read(self, resource: str) -> bool:
        """Return whether the policy is attached."""
        target, policy = self._parts(resource)
        return policy in attached_names(self._iot, target)

    def apply(self, change: Change) -> None:
        """Attach or detach. AWS answers the same when it is so already."""
        target, policy = self._parts(change.resource)
        act = self._iot.attach_policy if change.after else self._iot.detach_policy
        act(policyName=policy, target=target)

    def by_hand(self, change: Change) -> list[str]:
        """Return the command that attaches or detaches."""
        target, policy = self._parts(change.resource)
        verb = "attach-policy" if change.after else "detach-policy"
        return ["aws", "iot", verb, "--policy-name", policy, "--target", target]

    def _change(self, certificate: CertificateFacts, policy: str, *, wanted: bool, hits: list[str]) -> Change:
        resource = f"certificate/{certificate.id}/policy/{policy}"
        return Change(action=self.name, resource=resource, before=not wanted, after=wanted, hits=hits)

    def _parts(self, resource: str) -> tuple[str, str]:
        _, certificate_id, _, policy = resource.split("/", 3)
        return self._arns.certificate(certificate_id), policy
