"""The errors of AWS IoT jobs; their HTTP status comes from the botocore model."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class InvalidStateTransition(ServiceException):
    """A change of state that the present state does not allow (HTTP 409)."""

    code = "InvalidStateTransitionException"


class VersionMismatch(ServiceException):
    """A device's update that expects another version of its execution.

    Over MQTT AWS calls it VersionMismatch; which of the errors of the HTTP operation it is there is not documented, and
    this one alone fits (L).
    """

    code = "InvalidStateTransitionException"


class TerminalState(ServiceException):
    """A device asks for an execution that is over (HTTP 410)."""

    code = "TerminalStateException"
