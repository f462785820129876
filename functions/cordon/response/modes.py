"""How far the response policy lets a playbook go, what silence means, and how many people it takes."""

from __future__ import annotations

from cordon.model.alarm import Severity
from cordon.model.incident import Mode
from cordon.model.response_policy import PlaybookPolicy, ResponsePolicy, Silence
from cordon.model.thing import Criticality

ALWAYS_A_PERSONS = frozenset({Criticality.SAFETY_CRITICAL, Criticality.UNKNOWN})
"""Things that nothing is done to without a person, whatever the policy says."""
UNNAMED = PlaybookPolicy(mode=Mode.APPROVE)
"""What holds for a playbook that the policy does not name, and for every one where there is no policy."""


def of_playbook(policy: ResponsePolicy | None, playbook: str) -> PlaybookPolicy:
    """Return what the policy says of the playbook, or what holds where it says nothing."""
    return policy.playbooks.get(playbook, UNNAMED) if policy else UNNAMED


def effective_mode(
    policy: ResponsePolicy | None, playbook: str, severity: Severity, criticality: Criticality, *, shared: bool
) -> Mode:
    """Return the narrowest mode of all that apply to an incident of this kind.

    `shared`: the thing shares a certificate with another. No policy: approve.
    """
    said = of_playbook(policy, playbook)
    applying = [said.mode]
    applying += [said.severity[severity]] if severity in said.severity else []
    applying += [said.criticality[criticality]] if criticality in said.criticality else []
    applying += [said.shared_certificate] if shared else []
    applying += [Mode.APPROVE] if criticality in ALWAYS_A_PERSONS else []
    return Mode.narrowest(*applying)


def silence_for(policy: ResponsePolicy | None, playbook: str, criticality: Criticality) -> Silence:
    """Return what silence means for such a thing: what is said of its criticality, else of the playbook.

    Silence never acts on what is always a person's to decide. Whoever lets it act must refuse it for shared and
    irreversible plans and for outbreaks, of which this function knows nothing.
    """
    said = of_playbook(policy, playbook)
    silence = said.silence_by_criticality.get(criticality, said.silence)
    return Silence.ESCALATE if silence is Silence.ACT and criticality in ALWAYS_A_PERSONS else silence


def approvals_needed(
    policy: ResponsePolicy | None, playbook: str, criticality: Criticality, *, irreversible: bool
) -> int:
    """Return how many people must be behind a plan for such a thing, who asked for it included: 1 or 2.

    Without a policy nobody knows for which things it would ask for two: for all of them.
    """
    return 2 if policy is None or irreversible or criticality in of_playbook(policy, playbook).two_approvers else 1
