"""How a demo device may behave, as data: what it does about its session, and what it does about a job.

Nothing else is imported here, so that the command line can list the behaviours without starting a local AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

LATE = timedelta(minutes=30)
"""How long a device that answers late takes over a job."""


class Installs(Enum):
    """What a device installs of what its job names."""

    CHECKED = "what it was sent, if it has the hash that the job names"
    UNCHECKED = "what it was sent, whatever it is"
    NOTHING = "nothing, and says that it has"


class Asks(Enum):
    """What a device sends for a certificate signing request."""

    NEW_KEY = "a request in its own name for a key that it has just made"
    SAME_KEY = "a request in its own name for the key of the certificate that it is connected with"
    WEAK_KEY = "a request in its own name for an RSA key of 1024 bits"
    OTHER_THING = "a request in another thing's name, for that thing's key"
    GARBAGE = "a text that is no request"


@dataclass(frozen=True)
class JobBehaviour:
    """What a device does about a job. `says` describes it in one line; `ends` is the status that it reports at last."""

    says: str
    takes_jobs: bool = True
    answers_after: timedelta = timedelta()
    ends: str = "SUCCEEDED"
    reason: str = ""
    installs: Installs = Installs.CHECKED
    asks: Asks = Asks.NEW_KEY
    has_right_hash: bool = True
    alarms_again: bool = False


GOOD = JobBehaviour("installs what the job names, makes a new key and comes back with the certificate for it")

JOB_BEHAVIOURS: Mapping[str, JobBehaviour] = {
    "good": GOOD,
    "fails": JobBehaviour("takes the job and reports FAILED with a reason", ends="FAILED", reason="no room in flash"),
    "rejects": JobBehaviour("takes the job and reports REJECTED", ends="REJECTED", reason="not for this hardware"),
    "never-answers": JobBehaviour("takes no job", takes_jobs=False),
    "answers-late": JobBehaviour(
        f"takes the job, and answers {LATE // timedelta(minutes=1)} minutes later", answers_after=LATE
    ),
    "lies": JobBehaviour("installs nothing, reports success and leaves its $package shadow", installs=Installs.NOTHING),
    "reuses-key": JobBehaviour("asks for a certificate for the key that it has already", asks=Asks.SAME_KEY),
    "wrong-csr": JobBehaviour("asks for a certificate with another thing's name and key", asks=Asks.OTHER_THING),
    "no-csr": JobBehaviour("sends garbage for a certificate signing request", asks=Asks.GARBAGE),
    "weak-key": JobBehaviour("asks for a certificate for an RSA key of 1024 bits", asks=Asks.WEAK_KEY),
    "still-compromised": JobBehaviour("is as good, and raises its alarm again once it is let free", alarms_again=True),
    "wrong-hash": JobBehaviour(
        "installs whatever the URL gives, and reports another hash", installs=Installs.UNCHECKED, has_right_hash=False
    ),
}
"""What a device may do about a job, by name; every device is good unless it is told otherwise."""

SESSION_BEHAVIOURS: Mapping[str, str] = {
    "steady": "stays connected, and comes back after any drop as soon as it may",
    "stubborn": "is steady, and is let in twice after its certificate was deactivated",
    "quiet": "stays connected until it is dropped, and does not come back",
    "offline": "is not connected",
}
"""What a device may do about its session, by name, each in one line."""

BEHAVIOURS: Mapping[str, str] = {
    **SESSION_BEHAVIOURS,
    **{name: behaviour.says for name, behaviour in JOB_BEHAVIOURS.items()},
}
"""Every behaviour by name, each in one line. A device has one of each kind."""
