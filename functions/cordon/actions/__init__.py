"""What Cordon can do to a fleet: one module per action, each with plan, read and apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordon.actions.action import Action
from cordon.actions.certificate_status import CertificateStatus
from cordon.actions.group_membership import GroupMembership
from cordon.actions.iot_policy import IotPolicy
from cordon.actions.policy_attachment import PolicyAttachment
from cordon.incidents.pacing import Pace
from cordon.things.arns import IotArns

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient


def actions_by_name(iot: IoTClient, account_id: str, *others: Action, pace: Pace | None = None) -> dict[str, Action]:
    """Return every action on AWS IoT, and the `others` (which need more than that), by the name that changes carry.

    Those whose calls are scarce keep `pace`.
    """
    every: list[Action] = [
        CertificateStatus(iot, pace),
        IotPolicy(iot),
        PolicyAttachment(iot, IotArns(iot, account_id)),
        GroupMembership(iot),
        *others,
    ]
    return {action.name: action for action in every}
