"""The keys of the table's rows: who lives where, in one place.

| pk | sk | row |
|---|---|---|
| INCIDENT#<id> | INCIDENT | the head: `model.incident.Incident` |
| INCIDENT#<id> | TIMELINE#<time>#<what>#<random> | what happened, in order |
| INCIDENT#<id> | CHANGE#<n> | the ledger's changes |
| INCIDENT#<id> | EFFECT#<time>#<resource> | the ledger's effects |
| INCIDENT#<id> | SIGHTING#<alarm id> | an alarm that opened or joined it |
| INCIDENT#<id> | FINDING#<hash> | a finding that was reported to it, by the SHA-256 of its detector's id |
| INCIDENT#<id> | EVIDENCE, EVIDENCE#<n> | head and entries of the evidence chain |
| INCIDENT#<id> | TICKET | its ticket |
| ALARM#<alarm id> | ALARM | what became of an alarm: makes a redelivery harmless |
| OPEN#<account>#<region>#<subject>#<playbook> | OPEN | the incident that is open for that subject (a thing, a finding) |
| LOCK#<thing> | LOCK | the execution that may change the thing |
| HOLD#<resource> | INCIDENT#<id> | an incident's claim that a resource stays as it is |
| BUDGET#<scope> | WINDOW#<start>, RESERVATION#<incident> | what automatic answers may still touch |
"""

from __future__ import annotations

from cordon.model.base import sha256_hex

HEAD = "INCIDENT"
TICKET = "TICKET"
LOCK = "LOCK"
OPEN = "OPEN"
ALARM = "ALARM"
EVIDENCE_HEAD = "EVIDENCE"
SIGHTINGS = "SIGHTING#"
"""What the sort key of every alarm of an incident begins with."""

INCIDENT_DUE = "incident"
TICKET_DUE = "ticket"
"""The two kinds of the index `due`: incidents that should have moved by then, tickets that wait to be written."""


def of_incident(incident_id: str) -> str:
    """Return the partition of everything that is recorded of an incident."""
    return f"INCIDENT#{incident_id}"


def of_alarm(alarm_id: str) -> str:
    """Return the partition of what became of an alarm."""
    return f"ALARM#{alarm_id}"


def of_open(account: str, region: str, subject: str, playbook: str) -> str:
    """Return the partition of the open-incident key; another account may have a thing of the same name."""
    return f"OPEN#{account}#{region}#{subject}#{playbook}"


def of_lock(thing_name: str) -> str:
    """Return the partition of a thing's lock."""
    return f"LOCK#{thing_name}"


def of_hold(resource: str) -> str:
    """Return the partition of all holds on a resource."""
    return f"HOLD#{resource}"


def sighting(alarm_id: str) -> str:
    """Return the sort key of an alarm of the incident."""
    return f"{SIGHTINGS}{alarm_id}"


def finding(finding_id: str) -> str:
    """Return the sort key of a finding; hashed, because a detector's id may be of any length."""
    return f"FINDING#{sha256_hex(finding_id)}"


def change(number: int) -> str:
    """Return the sort key of the n-th change; three digits keep their order."""
    return f"CHANGE#{number:03d}"
