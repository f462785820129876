"""Where a thing is not as its type's known-good says, field by field, always in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cordon.model.base import Word
from cordon.model.json_pointer import leaves_of, lies_in, value_at
from cordon.model.known_good import CertificateRules, KnownGood, ShadowRules
from cordon.model.thing_state import CertificateState, ThingState

_SHOWN = 8
"""Digits of a certificate's id in the name of a field."""


class Drift(Word):
    """One difference. `field` is a path such as `firmware/version`; what is not there at all is None."""

    field: str
    expected: Any
    found: Any


def drift(definition: KnownGood, state: ThingState, now: datetime, *, quarantine_group: str) -> list[Drift]:
    """Return every difference; none: the thing is known to be good, as far as can be seen from here.

    `definition` may speak of any thing of the type. A thing in the quarantine group, or below it, has drifted.
    """
    wanted = definition.of(state.name)
    return [
        *_if_other("thing_type", wanted.thing_type, state.type_name),
        *_firmware(wanted, state),
        *_certificates(wanted, state, now),
        *_groups(wanted, state, quarantine_group),
        *_shadow(wanted.shadow, state.desired),
        *_attributes(wanted, state),
    ]


def _if_other(field: str, expected: Any, found: Any) -> Iterator[Drift]:
    if not _same(expected, found):
        yield Drift(field=field, expected=expected, found=found)


def _firmware(wanted: KnownGood, state: ThingState) -> Iterator[Drift]:
    """What the device reports: the catalog knows what should be installed, and only the device what is."""
    if wanted.firmware:
        found = state.packages.get(wanted.firmware.package)
        yield from _if_other("firmware/version", wanted.firmware.version, found)


def _certificates(wanted: KnownGood, state: ThingState, now: datetime) -> Iterator[Drift]:
    """Those that let a device in: one that does not is of no use to anybody, whatever it is like."""
    if not state.active:
        yield Drift(field="certificate", expected="ACTIVE", found=sorted({one.status for one in state.certificates}))
    for certificate in state.active:
        field = f"certificate/{certificate.id[:_SHOWN]}"
        yield from _if_other(f"{field}/policies", sorted(wanted.policies), sorted(certificate.policies))
        yield from _of_rules(field, wanted.certificate, certificate, now)


def _of_rules(field: str, rules: CertificateRules, found: CertificateState, now: datetime) -> Iterator[Drift]:
    if rules.max_age_days is not None:
        days = (now - found.issued_at).days if found.issued_at else None
        if days is None or days > rules.max_age_days:
            yield Drift(field=f"{field}/age", expected=f"{rules.max_age_days} days at most", found=_in_days(days))
    if found.key not in rules.keys:
        yield Drift(field=f"{field}/key", expected=list(rules.keys), found=found.key)
    if rules.issuers is not None and found.issuer not in rules.issuers:
        yield Drift(field=f"{field}/issuer", expected=rules.issuers, found=found.issuer)
    if rules.exclusive and not found.exclusive:
        yield Drift(field=f"{field}/exclusive", expected=True, found=False)


def _in_days(days: int | None) -> str | None:
    return None if days is None else f"{days} days"


def _groups(wanted: KnownGood, state: ThingState, quarantine_group: str) -> Iterator[Drift]:
    inside = {*state.groups, *state.groups_above}
    if not inside >= set(wanted.groups):
        yield Drift(field="groups", expected=sorted(wanted.groups), found=state.groups)
    if quarantine_group in inside:
        yield Drift(field="quarantine", expected=None, found=quarantine_group)


def _shadow(rules: ShadowRules, desired: dict[str, Any]) -> Iterator[Drift]:
    for pointer in sorted(rules.desired):
        yield from _if_other(_field(pointer), rules.desired[pointer], value_at(desired, pointer))
    known = [*rules.desired, *rules.may_differ]
    for pointer, value in leaves_of(desired):
        if not any(lies_in(pointer, one) for one in known):
            yield Drift(field=_field(pointer), expected=None, found=value)


def _field(pointer: str) -> str:
    return f"shadow/desired{pointer}"


def _attributes(wanted: KnownGood, state: ThingState) -> Iterator[Drift]:
    for name in sorted(wanted.attributes):
        yield from _if_other(f"attributes/{name}", wanted.attributes[name], state.attributes.get(name))


def _same(one: Any, other: Any) -> bool:
    """Say whether two values of JSON are equal; Python takes true for 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
