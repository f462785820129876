"""Deny the AWS credentials that were handed out to a certificate: its status does not touch them (AWS-FACTS 1.7)."""

from __future__ import annotations

import json
from uuid import uuid4

from cordon.actions.sts_policy import StsPolicy, deny_document, fitting
from cordon.errors import DenyListFull
from cordon.incidents import rows
from cordon.incidents.sts_holds import StsHolds
from cordon.incidents.table import encode, key
from cordon.model.base import SCHEMA_VERSION
from cordon.model.change import Change
from cordon.model.thing import CertificateFacts


class StsDeny:
    """Changes of `sts/<certificate id>/<incident id>`: whether the incident has the certificate's sessions denied.

    The document is never changed by one id: it is written anew from all holds, under a lock, so that two executions at
    once, or one that dies anywhere, leave what the holds say. The sweep does the same, and ends holds that ran out.
    """

    name = "sts_deny"

    def __init__(self, holds: StsHolds, policy: StsPolicy, *, table_name: str) -> None:
        """Act on the policy by the holds, which are in the table of that name."""
        self._holds, self._policy, self._table_name = holds, policy, table_name

    def read(self, resource: str) -> bool:
        """Return whether the sessions are denied for the incident, or were until none could be left of them."""
        certificate_id, incident_id = _parts(resource)
        has_run_out = self._holds.has_run_out(certificate_id, incident_id)
        return has_run_out is not None and (has_run_out or certificate_id in self._policy.denied())

    def apply(self, change: Change) -> None:
        """Hold the certificate and write the policy; or let it go, which denies on while another incident holds it.

        Raises:
            DenyListFull: the document holds no more ids; nothing is held, and no other id made room for it.
            LockHeld: somebody else is writing the policy. The sweep would write it, if nobody tried again.
        """
        certificate_id, incident_id = _parts(change.resource)
        if not change.after:
            self._holds.let_go(certificate_id, incident_id)
            self._write_as_held(owner=incident_id)
            return
        self._holds.hold(certificate_id, incident_id)
        if certificate_id not in self._write_as_held(owner=incident_id):
            self._holds.let_go(certificate_id, incident_id)
            raise DenyListFull(f"the policy that denies sessions is full; those of {certificate_id} are not denied")

    def by_hand(self, change: Change) -> list[str]:
        """Return the command that puts the hold into the table, or takes it out; the sweep writes the policy by it.

        Not one that writes the policy: its document would be as old as the ticket, and take out what came later.
        """
        certificate_id, incident_id = _parts(change.resource)
        place = key(rows.STS, rows.sts_hold(certificate_id, incident_id))
        command = ["aws", "dynamodb", "put-item" if change.after else "delete-item", "--table-name", self._table_name]
        if not change.after:
            return [*command, "--key", json.dumps(encode(place))]
        facts = {"schema_version": SCHEMA_VERSION, "certificate_id": certificate_id, "incident_id": incident_id}
        return [*command, "--item", json.dumps(encode({**place, **facts}))]

    def catch_up(self) -> int:
        """Write the policy as the holds say, and put away those that have run out; return how many did.

        Whatever came in between: a step that died, a deploy that wrote the template's document, a hold by hand.

        Raises:
            LockHeld: somebody else is writing the policy.
        """
        for hold in self._holds.all():
            if hold.expires_at is None:
                self._holds.hold(hold.certificate_id, hold.incident_id)
        if self._policy.document() != deny_document(self._wanted()):
            self._write_as_held(owner=f"sweep/{uuid4().hex}")
        ended = [hold for hold in self._holds.all() if hold.has_run_out]
        for hold in ended:
            self._holds.put_away(hold)
        return len(ended)

    def _write_as_held(self, *, owner: str) -> list[str]:
        """Write the policy by the holds as they are under the lock, and return the ids that are denied now."""
        with self._holds.lock(owner):
            wanted = self._wanted()
            if self._policy.document() != deny_document(wanted):
                self._policy.write(deny_document(wanted))
        return wanted

    def _wanted(self) -> list[str]:
        return fitting([hold.certificate_id for hold in self._holds.all() if not hold.has_run_out])


def plan_deny(certificate: CertificateFacts, *, incident_id: str) -> Change:
    """Return the change that has the sessions of the certificate denied for the incident."""
    resource = f"sts/{certificate.id}/{incident_id}"
    return Change(action=StsDeny.name, resource=resource, before=False, after=True, hits=certificate.things)


def _parts(resource: str) -> tuple[str, str]:
    _, certificate_id, incident_id = resource.split("/", 2)
    return certificate_id, incident_id
