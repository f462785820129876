"""The local AWS: moto with its gaps mended, the real template.yaml deployed into it, the real handlers in-process."""

from playtest.local_aws.background import Crashed, NotSettled
from playtest.local_aws.calls import Call, CallLog
from playtest.local_aws.clock import VirtualClock
from playtest.local_aws.cloud import LocalAws, MissingApi
from playtest.local_aws.deployment import DeploymentFailed, Stack, UnknownResourceType
from playtest.local_aws.executions import ExecutionRecord
from playtest.local_aws.faults import Faults, ProcessStopped
from playtest.local_aws.iam import granted_actions, managed_policy_names, used_actions
from playtest.local_aws.lambda_bridge import Invocation
from playtest.local_aws.network import NetworkReached
from playtest.local_aws.play_event import PlayEvent, PlayEventKind

__all__ = [
    "Call",
    "CallLog",
    "Crashed",
    "DeploymentFailed",
    "ExecutionRecord",
    "Faults",
    "Invocation",
    "LocalAws",
    "MissingApi",
    "NetworkReached",
    "NotSettled",
    "PlayEvent",
    "PlayEventKind",
    "ProcessStopped",
    "Stack",
    "UnknownResourceType",
    "VirtualClock",
    "granted_actions",
    "managed_policy_names",
    "used_actions",
]
