"""Make an IoT policy of our own for one incident, and take it away again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cordon.errors import PlanConflict, PlanUnworkable, Throttled
from cordon.model.base import canonical_json
from cordon.model.change import Change

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

LONGEST_DOCUMENT = 2048
"""Characters that AWS IoT takes in a policy document, white space not counted."""


class IotPolicy:
    """Changes of `policy/<name>`: the document as JSON, or None where there is no such policy."""

    name = "iot_policy"

    def __init__(self, iot: IoTClient) -> None:
        """Act through `iot`."""
        self._iot = iot

    def plan(self, name: str, document: dict[str, Any], *, hits: list[str]) -> list[Change]:
        """Return the change that makes the policy.

        Raises:
            PlanUnworkable: the document is too long for AWS.
        """
        if len(canonical_json(document)) > LONGEST_DOCUMENT:
            raise PlanUnworkable(f"policy {name} would be longer than {LONGEST_DOCUMENT} characters")
        return [Change(action=self.name, resource=f"policy/{name}", before=None, after=document, hits=hits)]

    def read(self, resource: str) -> Any:
        """Return the default version's document, or None if there is no such policy."""
        try:
            found = self._iot.get_policy(policyName=resource.removeprefix("policy/"))
        except self._iot.exceptions.ResourceNotFoundException:
            return None
        return json.loads(found["policyDocument"])

    def apply(self, change: Change) -> None:
        """Create the policy, or delete it where the change says that there shall be none.

        Raises:
            PlanConflict: somebody has attached it to something of theirs, or given it other versions.
            Throttled: it was detached less than five minutes ago, and AWS IoT does not let it go yet (DeletePolicy).
        """
        name = change.resource.removeprefix("policy/")
        if change.after is None:
            return self._delete(name)
        try:
            self._iot.create_policy(policyName=name, policyDocument=canonical_json(change.after))
        except self._iot.exceptions.ResourceAlreadyExistsException:
            if self.read(change.resource) != change.after:
                raise

    def by_hand(self, change: Change) -> list[str]:
        """Return the command that creates the policy, or deletes it."""
        name = change.resource.removeprefix("policy/")
        if change.after is None:
            return ["aws", "iot", "delete-policy", "--policy-name", name]
        document = canonical_json(change.after)
        return ["aws", "iot", "create-policy", "--policy-name", name, "--policy-document", document]

    def _delete(self, name: str) -> None:
        try:
            self._iot.delete_policy(policyName=name)
        except self._iot.exceptions.ResourceNotFoundException:
            return  # gone already, as wanted
        except self._iot.exceptions.DeleteConflictException as error:
            versions = self._iot.list_policy_versions(policyName=name)["policyVersions"]
            if len(versions) > 1 or self._iot.list_targets_for_policy(policyName=name).get("targets"):
                raise PlanConflict(f"policy/{name} is used by somebody else") from error
            raise Throttled(f"policy/{name} was detached a moment ago") from error
