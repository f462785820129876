"""What alarms may have in common, and how an outbreak says it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cordon.incidents.record import stamp
from cordon.model.alarm import Alarm, AlarmKind, Severity
from cordon.model.base import sha256_hex
from cordon.model.incident import Incident
from cordon.model.response_policy import OutbreakRule
from cordon.model.response_policy import Outbreaks as OutbreakRules
from cordon.model.text import escaped
from cordon.model.thing import ThingFacts

PLAYBOOK = "escalate_outbreak"
SOURCE = "outbreak"
"""What the alarm of an outbreak names as its detector: Cordon itself."""


@dataclass(frozen=True)
class Common:
    """One thing that incidents of an account and Region may have in common. `words` say it to people, inert already."""

    key: str
    words: str
    rule: OutbreakRule


def in_common(rules: OutbreakRules, incident: Incident, thing: ThingFacts | None, opening: Alarm) -> list[Common]:
    """Return what the incident may share with others, always in this order: behavior, firmware, groups by name."""
    behavior = f"{opening.source} {opening.signal}"
    words = f"the same behavior ({escaped(opening.signal, 80)}, {escaped(opening.source, 80)})"
    found = [("behavior", behavior, words, rules.behavior)]
    if thing:
        if firmware := thing.attributes.get(rules.firmware_attribute):
            found.append(("firmware", firmware, f"the same firmware ({escaped(firmware, 80)})", rules.firmware))
        groups = sorted(group.name for group in thing.groups)
        found += [("group", name, f"the same group ({escaped(name, 128)})", rules.group) for name in groups]
    place = f"{incident.account}#{incident.region}"
    # Hashed, because a value from outside may be of any length.
    return [
        Common(f"{place}#{kind}#{sha256_hex(value)[:32]}", words, rule) for kind, value, words, rule in found if rule
    ]


def opening_alarm(common: Common, incident: Incident, severities: Iterable[Severity], now: datetime) -> Alarm:
    """Return the alarm by which the outbreak's incident is opened: Cordon's own, as severe as the worst of them."""
    finding_id = f"{SOURCE}/{common.key}/{stamp(now)}"
    many, minutes = common.rule.things, common.rule.window_minutes
    return Alarm(
        id=f"{SOURCE}-{sha256_hex(finding_id)[:32]}",
        source=SOURCE,
        kind=AlarmKind.IN_ALARM,
        playbook=PLAYBOOK,
        thing_name=None,
        severity=max(severities, key=list(Severity).index, default=incident.severity),
        raised_at=now,
        received_at=now,
        account=incident.account,
        region=incident.region,
        finding_id=finding_id,
        signal=SOURCE,
        summary=f"{many} or more things within {minutes} minutes have {common.words}.",
    )
