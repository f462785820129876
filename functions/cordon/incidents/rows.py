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
| INCIDENT#<id> | APPROVAL | its request for approval: `model.approval.ApprovalRequest` |
| ALARM#<alarm id> | ALARM | what became of an alarm: makes a redelivery harmless |
| ATTRIBUTION#<alarm id> | ATTRIBUTION | the things that an alarm was found to be about: a redelivery finds the same |
| FINDING#<account>#<hash> | <playbook> | the incidents that a finding without a thing's name opened or joined |
| OPEN#<account>#<region>#<subject>#<playbook> | OPEN | the incident that is open for the subject (a thing, a finding) |
| LOCK#<thing> | LOCK | the execution that may change the thing |
| HOLD#<root resource> | <resource> | the incidents that need a resource as it is, and what it was before the first |
| CONNECTION#<certificate> | CLIENT#<client id> | a client id that connected with it; an IoT rule writes it |
| CLIENT#<client id> | CONNECTION | the certificate with which a client id connected last; an IoT rule writes it |
| INCIDENT#<id> | RESERVATION | what it has reserved of the budgets |
| INCIDENT#<outbreak> | ATTACHED#<incident> | an incident that is part of that outbreak |
| BUDGET#<scope> | RESERVATIONS | what automatic answers have reserved of a scope's budget |
| POPULATION#<scope> | POPULATION | how many things a scope has |
| OUTBREAK#<key> | HEAD | the outbreak that is declared for what its things have in common |
| OUTBREAK#<key> | MEMBER#<time>#<incident> | an incident that has it in common |
| PACE#<operation> | PACE | when the next call of that operation may be made |
| POLICY | HEAD | the response policy in force: hash and version of its object, who pushed it |
| POLICY | PROPOSAL | a push that loosens something, and waits for a second person |
| POLICY | PUSH#<time>#<hash> | a policy that was put in force |
| KNOWN_GOOD#<type> | HEAD | the known-good in force: its object, who signed it, versions of packages |
| KNOWN_GOOD#<type> | SIGN#<time>#<hash> | a known-good that was put in force |
| STS | CERTIFICATE#<certificate>#<incident> | a hold on a certificate whose sessions of credentials are denied |
| STS | LOCK | who is writing the policy that denies them |
| INCIDENT#<id> | STS#<certificate> | such a hold of the incident, once it has run out |
"""

from __future__ import annotations

from datetime import timedelta

from cordon.model.base import sha256_hex

HEAD = "INCIDENT"
TICKET = "TICKET"
APPROVAL = "APPROVAL"
LOCK = "LOCK"
OPEN = "OPEN"
ALARM = "ALARM"
ATTRIBUTION = "ATTRIBUTION"
ALARMS_REMEMBERED = timedelta(days=90)
"""How long an alarm's id is kept: longer than SNS, SQS and EventBridge may deliver it again (14 days in a queue)."""
EVIDENCE_HEAD = "EVIDENCE"
CONNECTION = "CONNECTION"
SIGHTINGS = "SIGHTING#"
"""What the sort key of every alarm of an incident begins with."""
RESERVATION, RESERVATIONS = "RESERVATION", "RESERVATIONS"
POPULATION = "POPULATION"
OUTBREAK = "HEAD"
MEMBERS, ATTACHED = "MEMBER#", "ATTACHED#"
PACE = "PACE"
STS = "STS"
"""The partition of the holds on certificates whose sessions of AWS credentials are denied."""
STS_HOLDS = "CERTIFICATE#"
POLICY = "POLICY"
"""The partition of the response policy, and what its rows are."""
POLICY_HEAD, PROPOSAL, PUSHES = "HEAD", "PROPOSAL", "PUSH#"
KNOWN_GOOD_HEAD, SIGNINGS = "HEAD", "SIGN#"
"""What the rows of a type's known-good are."""

INCIDENT_DUE = "incident"
TICKET_DUE = "ticket"
APPROVAL_DUE = "approval"
"""The kinds of the index `due`: incidents that should have moved by then, tickets that wait to be written, and decided
requests that their playbook has not read yet."""


def of_incident(incident_id: str) -> str:
    """Return the partition of everything that is recorded of an incident."""
    return f"INCIDENT#{incident_id}"


def of_alarm(alarm_id: str) -> str:
    """Return the partition of what became of an alarm."""
    return f"ALARM#{alarm_id}"


def of_attribution(alarm_id: str) -> str:
    """Return the partition of the things that an alarm was found to be about."""
    return f"ATTRIBUTION#{alarm_id}"


def of_finding(account: str, finding_id: str) -> str:
    """Return the partition of the incidents of a finding."""
    return f"FINDING#{account}#{hashed(finding_id)}"


def of_open(account: str, region: str, subject: str, playbook: str) -> str:
    """Return the partition of the open-incident key; another account may have a thing of the same name."""
    return f"OPEN#{account}#{region}#{subject}#{playbook}"


def of_lock(thing_name: str) -> str:
    """Return the partition of a thing's lock."""
    return f"LOCK#{thing_name}"


def of_hold(resource: str) -> str:
    """Return the partition of a resource's hold: that of its root (`certificate/<id>`), with all that hangs on it."""
    return "HOLD#" + "/".join(resource.split("/")[:2])


def of_certificate(certificate_id: str) -> str:
    """Return the partition of the client ids that connected with a certificate (64 hex digits)."""
    return f"CONNECTION#{certificate_id}"


def of_client(client_id: str) -> str:
    """Return the partition of a client id's last connection."""
    return f"CLIENT#{client_id}"


def of_budget(scope: str) -> str:
    """Return the partition of a scope's reservations."""
    return f"BUDGET#{scope}"


def of_population(scope: str) -> str:
    """Return the partition of how many things a scope has."""
    return f"POPULATION#{scope}"


def of_outbreak(common: str) -> str:
    """Return the partition of the incidents that have something in common."""
    return f"OUTBREAK#{common}"


def of_known_good(thing_type: str) -> str:
    """Return the partition of what a thing of that type is when it is well."""
    return f"KNOWN_GOOD#{thing_type}"


def of_pace(operation: str) -> str:
    """Return the partition of an operation's pace."""
    return f"PACE#{operation}"


def member(opened_at: str, incident_id: str) -> str:
    """Return the sort key of an incident that has something in common with others, in the order of their opening."""
    return f"{MEMBERS}{opened_at}#{incident_id}"


def attached(incident_id: str) -> str:
    """Return the sort key of an incident that is part of the outbreak."""
    return f"{ATTACHED}{incident_id}"


def sighting(alarm_id: str) -> str:
    """Return the sort key of an alarm of the incident."""
    return f"{SIGHTINGS}{alarm_id}"


def finding(finding_id: str) -> str:
    """Return the sort key of a finding."""
    return f"FINDING#{hashed(finding_id)}"


def hashed(finding_id: str) -> str:
    """Return what stands for a finding in a key: a detector's id may be of any length and form."""
    return sha256_hex(finding_id)


def change(number: int) -> str:
    """Return the sort key of the n-th change; three digits keep their order."""
    return f"CHANGE#{number:03d}"


def sts_hold(certificate_id: str, incident_id: str) -> str:
    """Return the sort key of an incident's hold on a certificate's sessions."""
    return f"{STS_HOLDS}{certificate_id}#{incident_id}"


def sts_hold_kept(certificate_id: str) -> str:
    """Return the sort key of such a hold that has run out, among the incident's rows."""
    return f"STS#{certificate_id}"
