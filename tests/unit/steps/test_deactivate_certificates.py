from __future__ import annotations

from typing import Any

from cordon.actions.certificate_status import CertificateStatus
from cordon.model.change import Change
from cordon.steps.deactivate_certificates import deactivate_certificates
from cordon.steps.step import StepRequest

from ..conftest import ME, THING, Bed


class Certificates:
    """AWS IoT with two certificates, which both are ACTIVE at first."""

    def __init__(self) -> None:
        self.status = {"a": "ACTIVE", "b": "ACTIVE"}

    def describe_certificate(self, **asked: str) -> dict[str, Any]:
        """Say how it stands."""
        return {"certificateDescription": {"status": self.status[asked["certificateId"]]}}

    def update_certificate(self, **asked: str) -> None:
        """Set it."""
        self.status[asked["certificateId"]] = asked["newStatus"]


def to(status: str, certificate: str) -> Change:
    """Return the change that gives the certificate that status."""
    return Change(
        action=CertificateStatus.name,
        resource=f"certificate/{certificate}",
        before="ACTIVE",
        after=status,
        hits=[THING],
    )


def test_nothing_but_inactive_is_ever_made(bed: Bed) -> None:
    """REVOKED is for ever: a plan that says so, by a defect or another's hand, is not carried out to the letter."""
    iot: Any = Certificates()
    ledger = bed.planned(to("INACTIVE", "a"), to("REVOKED", "b"))
    incident_id = bed.open_id(THING) or ""
    request = StepRequest(incident_id=incident_id, execution=ME, state="DeactivateCertificates")
    deactivate_certificates(request, bed.incidents, {CertificateStatus.name: CertificateStatus(iot)})
    assert iot.status == {"a": "INACTIVE", "b": "ACTIVE"}
    assert [entry.status for entry in ledger.entries()] == ["applied", "planned"]
