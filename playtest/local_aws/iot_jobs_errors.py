"""The errors of AWS IoT jobs; their HTTP status comes from the botocore model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.core.exceptions import ServiceException


class InvalidStateTransition(ServiceException):
    """A change of state that the present state does not allow (HTTP 409).

    `state` is what a device is told of its execution over MQTT, so that it need not ask for it.
    """

    code = "InvalidStateTransitionException"

    def __init__(self, message: str, state: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.state = state


class VersionMismatch(InvalidStateTransition):
    """A device's update that expects another version of its execution.

    Over MQTT AWS calls it VersionMismatch; which of the errors of the HTTP operation it is there is not documented, and
    the one of a state alone fits (L).
    """


class TerminalState(ServiceException):
    """A device asks for an execution that is over (HTTP 410)."""

    code = "TerminalStateException"
