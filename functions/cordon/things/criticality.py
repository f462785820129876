"""How critical a thing is, by its attribute, its groups and its type, as the response policy reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cordon.model.response_policy import CriticalityRules
from cordon.model.thing import Criticality

_RANK = (Criticality.LOW, Criticality.STANDARD, Criticality.HIGH, Criticality.UNKNOWN, Criticality.SAFETY_CRITICAL)
"""Least first. What we do not understand is less than what somebody said is safety-critical, and more than the rest."""


def criticality_of(
    attributes: Mapping[str, str], groups: Iterable[str], type_name: str | None, rules: CriticalityRules | None
) -> Criticality:
    """Return the most critical of all that is said about the thing; where nothing is, it is standard.

    `rules` None: there is no response policy to go by. Then nobody knows which group, type or attribute would say more,
    so that all is unknown but what the attribute of the usual name calls safety-critical.
    """
    if rules is None:
        return max(Criticality.UNKNOWN, criticality_of(attributes, [], None, CriticalityRules()), key=_RANK.index)
    said = [rules.groups[group] for group in groups if group in rules.groups]
    if type_name in rules.types:
        said.append(rules.types[type_name])
    if (value := attributes.get(rules.attribute)) is not None:
        said.append(_meant(value))
    return max(said, key=_RANK.index, default=Criticality.STANDARD)


def _meant(value: str) -> Criticality:
    """Return what the attribute means; a word that we do not know is a person's to read."""
    try:
        return Criticality(value.strip().lower().replace("_", "-"))
    except ValueError:
        return Criticality.UNKNOWN
