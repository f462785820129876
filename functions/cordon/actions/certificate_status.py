"""Shut a certificate off. INACTIVE is the reversible way; REVOKED is for ever, and not planned here (AWS-FACTS 1.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordon.errors import PlanUnworkable
from cordon.incidents.pacing import UPDATE_CERTIFICATE, Pace
from cordon.model.change import Change
from cordon.model.thing import CertificateFacts

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

_REVOKED, _INACTIVE = "REVOKED", "INACTIVE"


class CertificateStatus:
    """Changes of `certificate/<64 hex>`: the certificate's status, in AWS's words."""

    name = "certificate_status"

    def __init__(self, iot: IoTClient, pace: Pace | None = None) -> None:
        """Act through `iot`, at the pace that all keep; None: whoever only reads and plans needs none."""
        self._iot, self._pace = iot, pace

    def plan(self, certificate: CertificateFacts) -> list[Change]:
        """Return the change that makes the certificate INACTIVE; none if it is revoked.

        One that is INACTIVE already stays so for this incident too, though nothing is changed: before and after are the
        same, and whoever made it INACTIVE for another incident does not put it back while this one lasts.

        Raises:
            PlanUnworkable: it is being transferred or activated, and could not be put back to that.
        """
        status, resource = certificate.status, f"certificate/{certificate.id}"
        if status == _REVOKED:
            return []
        if status not in {"ACTIVE", _INACTIVE}:
            raise PlanUnworkable(f"certificate {certificate.id} is {status}, which cannot be put back")
        return [Change(action=self.name, resource=resource, before=status, after=_INACTIVE, hits=certificate.things)]

    def read(self, resource: str) -> str:
        """Return the certificate's status."""
        certificate_id = resource.removeprefix("certificate/")
        return self._iot.describe_certificate(certificateId=certificate_id)["certificateDescription"]["status"]

    def apply(self, change: Change) -> None:
        """Set the status. AWS answers the same for a status that the certificate has already.

        Raises:
            Throttled: as many certificates are being changed as may be; nothing was done.
        """
        if self._pace:
            self._pace.wait_for(UPDATE_CERTIFICATE)
        self._iot.update_certificate(certificateId=change.resource.removeprefix("certificate/"), newStatus=change.after)

    def by_hand(self, change: Change) -> list[str]:
        """Return the command that sets the status."""
        certificate_id = change.resource.removeprefix("certificate/")
        return ["aws", "iot", "update-certificate", "--certificate-id", certificate_id, "--new-status", change.after]
