"""The errors that AWS IoT answers with and moto lacks; their HTTP status comes from the botocore model."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class InvalidRequest(ServiceException):
    """A request that AWS IoT refuses as it stands."""

    code = "InvalidRequestException"


class NotFound(ServiceException):
    """A resource that does not exist."""

    code = "ResourceNotFoundException"
    message = "The specified resource does not exist"


class AlreadyExists(ServiceException):
    """A resource of that name that is not the same."""

    code = "ResourceAlreadyExistsException"


class CertificateState(ServiceException):
    """An operation that the certificate's status does not allow (HTTP 406)."""

    code = "CertificateStateException"


class CertificateValidation(ServiceException):
    """A text that is no X.509 certificate."""

    code = "CertificateValidationException"


class Conflict(ServiceException):
    """A request that the present state of a resource does not allow; `resourceId` names it (HTTP 409)."""

    code = "ConflictException"

    def __init__(self, message: str, resource_id: str | None = None) -> None:
        super().__init__(message)
        self.resourceId = resource_id


class DeleteConflict(ServiceException):
    """A resource that something else still uses."""

    code = "DeleteConflictException"


class Invalid(ServiceException):
    """A request that the newer operations refuse as it stands: the software package catalog, for one."""

    code = "ValidationException"


class LimitExceeded(ServiceException):
    """One more than AWS allows (HTTP 410)."""

    code = "LimitExceededException"


class MalformedPolicy(ServiceException):
    """A policy document that AWS IoT refuses."""

    code = "MalformedPolicyException"


class TooLarge(ServiceException):
    """A document that is larger than AWS IoT takes (HTTP 413)."""

    code = "RequestEntityTooLargeException"


class VersionConflict(ServiceException):
    """The version is not the one that the caller expected."""

    code = "VersionConflictException"
