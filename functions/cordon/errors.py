"""Every error that Cordon raises, and who handles it.

CordonError
├── RetryLater              passing trouble: the state's Retry tries again; when it gives up, a person
│   ├── RecordBusy          two writers met in the table
│   ├── Throttled           AWS asked for patience, or did not answer
│   ├── LockHeld            another execution is changing the thing
│   └── TicketSystemDown    UpdateTicket only: caught there, the playbook goes on, the sweep tries again
├── NeedsAPerson            Catch States.ALL of the playbook: EscalateToHuman
│   ├── IncidentNotFound    an execution was started for an incident that is not in the record
│   ├── IllegalTransition   the incident's status does not allow what the step would do
│   ├── NotTheClaimant      this execution does not hold the incident (it was escalated or handed over meanwhile)
│   ├── PlanMissing         a step found no plan to carry out
│   ├── PlanConflict        what is there now is neither the plan's before nor its after
│   ├── PlanUnworkable      the plan cannot be made (a limit of AWS would be passed)
│   ├── RecordUnreadable    a row of the table is not what we wrote
│   ├── DenyListFull        no room for another id; DenyStsSessions catches it: that leg ends unknown, so partial
│   ├── EvidenceConflict    an object of the evidence bucket is there already, with other bytes
│   └── SettingsUnreadable  the function's environment is incomplete
├── AlarmRefused            triage only
│   └── AlarmRejected       can never be accepted: to the `rejected` queue with reason and field
└── Refused                 the desk only: told to the person who asked, and nothing is changed
    ├── NoIdentity          nobody signed it whose word could count
    ├── BadRequest          it is not a request that the desk knows, with the field that is wrong
    ├── UnknownRoute        there is no such path
    ├── UnknownMethod       the path has no such method
    ├── TooLarge            its body is longer than any request is
    ├── UnknownIncident     no incident of that id is in the record
    ├── RequestIdUsed       another request came under this id before
    ├── AlreadyChanged      some of the plan was carried out, and the rest is a person's to do by hand
    ├── NotPending          nothing waits for this decision
    ├── Expired             the decision comes too late
    ├── WrongPlan           the decision is about another plan than the one that waits
    ├── AlreadyDecided      somebody else decided before
    ├── SameIdentity        more people must be behind the plan or the policy, and this one is already
    ├── PolicyUnreadable    two people must be behind it, and who counts as whom cannot be read just now
    ├── StalePolicy         another response policy is in force than the one that was seen
    ├── UnknownThing        AWS IoT has no thing of that name
    ├── NotHealthy          the thing is no example of its type: it is contained, or an incident is about it
    ├── NotCapturable       what the thing is like cannot be said in a known-good
    ├── UnfitKnownGood      the known-good names what is not there, or not as it says
    ├── KnownGoodDowngrade  its firmware is older than one that was signed before
    └── StaleKnownGood      another known-good is in force than the one that was seen

A class's name is its `ErrorEquals` in the ASL: Step Functions compares names, and knows no inheritance.
"""

from __future__ import annotations


class CordonError(Exception):
    """Any error of ours."""


class RetryLater(CordonError):
    """Passing trouble. Never raised itself: Step Functions retries by the exact name."""


class RecordBusy(RetryLater):
    """Two writers met in the table; the loser may try again."""


class Throttled(RetryLater):
    """AWS refused a call because of its rate, failed or did not answer, after botocore's own retries."""


class LockHeld(RetryLater):
    """Another execution holds the lock of the thing."""


class TicketSystemDown(RetryLater):
    """The ticket could not be written."""


class NeedsAPerson(CordonError):
    """Cordon stops and a person takes over. Never raised itself."""


class IncidentNotFound(NeedsAPerson):
    """No incident of that id is in the table."""


class IllegalTransition(NeedsAPerson):
    """The incident's status may not be followed by the wanted one."""


class NotTheClaimant(NeedsAPerson):
    """The execution that runs this step is not the one that holds the incident."""


class PlanMissing(NeedsAPerson):
    """The incident has no recorded plan."""


class PlanConflict(NeedsAPerson):
    """Somebody else changed the resource: what is there is neither before nor after."""


class PlanUnworkable(NeedsAPerson):
    """A plan for this thing would break a limit of AWS."""


class RecordUnreadable(NeedsAPerson):
    """A row of the table does not parse as what it should be."""


class DenyListFull(NeedsAPerson):
    """The policy that denies sessions of AWS credentials holds no more certificate ids."""


class EvidenceConflict(NeedsAPerson):
    """The evidence bucket already holds other bytes under this key."""


class SettingsUnreadable(NeedsAPerson):
    """An environment variable is missing or malformed."""


class AlarmRefused(CordonError):
    """An alarm that opens nothing. Never raised itself."""


class AlarmRejected(AlarmRefused):
    """A message that can never be accepted, with the field that is wrong, what was found and what was expected.

    `found` comes from outside; whoever shows it quotes it (`model.text.quoted`).
    """

    def __init__(self, *, field: str, found: str, expected: str) -> None:
        """Build the reason from its three parts, all plain text."""
        super().__init__(f"{field}: found {found}, expected {expected}")
        self.field, self.found, self.expected = field, found, expected


class Refused(CordonError):
    """A person's request that the desk does not take. Never raised itself.

    `field` is the part of the request that is wrong, where one is.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        """Say why, in a sentence for the person who asked."""
        super().__init__(message)
        self.field = field


class NoIdentity(Refused):
    """The request was signed by nobody whose word could count."""


class BadRequest(Refused):
    """The request is not one that the desk knows."""


class UnknownRoute(Refused):
    """The desk has no such path."""


class UnknownMethod(Refused):
    """The path is there, and not with this method."""


class TooLarge(Refused):
    """The body is longer than any request of the desk."""


class UnknownIncident(Refused):
    """No incident of that id is in the record."""


class RequestIdUsed(Refused):
    """Another request was made under this id before."""


class AlreadyChanged(Refused):
    """The incident is before a person with some of its plan carried out: it is not answered anew."""


class NotPending(Refused):
    """No request for approval waits there."""


class Expired(Refused):
    """The request for approval has run out."""


class WrongPlan(Refused):
    """The request for approval is about another plan."""


class AlreadyDecided(Refused):
    """The request for approval was decided before."""


class SameIdentity(Refused):
    """Two people must be behind the plan or the response policy, and this identity is one of them already."""


class PolicyUnreadable(Refused):
    """Two people are needed, and the response policy, which says who counts as whom, cannot be read just now."""


class StalePolicy(Refused):
    """Another response policy is in force than the one that the pushed one was compared with."""


class UnknownThing(Refused):
    """AWS IoT has no thing of that name."""


class NotHealthy(Refused):
    """The thing is contained, or an open incident is about it: nothing it is like is known to be good."""


class NotCapturable(Refused):
    """The thing has no type, or something about it that no known-good may say."""


class UnfitKnownGood(Refused):
    """The known-good names a version, an artefact, a policy or a group that is not there, or not as it says."""


class KnownGoodDowngrade(Refused):
    """The known-good names an older version of a package than one that was signed before."""


class StaleKnownGood(Refused):
    """Another known-good is in force than the one that the new one was compared with."""
