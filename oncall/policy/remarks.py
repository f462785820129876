"""What is no mistake in a response policy, and may not mean what its author thinks."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import datetime

from cordon.model.incident import Mode
from cordon.model.response_policy import PlaybookPolicy, ResponsePolicy, Silence
from cordon.model.text import quoted
from cordon.response.loosening import acts_alone
from cordon.response.modes import ALWAYS_A_PERSONS

OWN_PLAYBOOKS = ("contain_thing",)
"""The playbooks of Cordon that a response policy is asked about; a team may have more of its own."""


def remarks(policy: ResponsePolicy, now: datetime) -> list[str]:
    """Return a sentence for each thing that has no effect, or not the one that it looks like, at `now`."""
    found = [one for name, said in policy.playbooks.items() for one in _of_playbook(name, said)]
    if acts_alone(policy) and not policy.budgets:
        found.append("budgets: there is none, so nothing is done without a person, whatever the modes say")
    found += [f"freezes: {quoted(one.name)} is over" for one in policy.freezes if one.ends <= now]
    found += [
        f"exemptions: that of {one.thing or one.group or one.type} has expired"
        for one in policy.exemptions
        if one.expires <= now
    ]
    return found


def _of_playbook(name: str, said: PlaybookPolicy) -> Iterator[str]:
    near = difflib.get_close_matches(name, OWN_PLAYBOOKS, n=1, cutoff=0.8)
    if near and name not in OWN_PLAYBOOKS:
        yield f"playbooks.{name}: no playbook of Cordon's has this name, and {near[0]} is like it"
    modes = {f"severity.{one}": mode for one, mode in said.severity.items()}
    modes |= {f"criticality.{one}": mode for one, mode in said.criticality.items()}
    for field, mode in modes.items():
        if Mode.narrowest(mode, said.mode) is not mode:
            yield f"playbooks.{name}.{field}: {mode} has no effect: the playbook goes no further than {said.mode}"
    for criticality in sorted(ALWAYS_A_PERSONS):
        if said.criticality.get(criticality) is Mode.AUTOMATIC and said.mode is Mode.AUTOMATIC:
            yield f"playbooks.{name}.criticality.{criticality}: such a thing always waits for approval"
        if said.silence_by_criticality.get(criticality) is Silence.ACT:
            yield f"playbooks.{name}.silence_by_criticality.{criticality}: silence never acts on such a thing"
