"""What the response policy says of the present moment: whether Cordon may act by itself now, and about this thing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from cordon.model.policy_calendar import DAY_MINUTES, DAYS, Exemption, Freeze, Windows
from cordon.model.response_policy import ResponsePolicy
from cordon.model.text import quoted


def closed(policy: ResponsePolicy, now: datetime) -> list[str]:
    """Say why Cordon may not act by itself at `now`, an aware time: each reason a sentence; none where it may."""
    reasons = [_frozen(freeze) for freeze in policy.freezes if freeze.begins <= now < freeze.ends]
    if policy.windows and not _is_open(policy.windows, now):
        reasons.append(_outside(policy.windows, now))
    return reasons


def exempt(
    policy: ResponsePolicy, thing_name: str, groups: Collection[str], type_name: str | None, now: datetime
) -> list[str]:
    """Say why a person decides about this thing at `now`: owner, reason and end of each exemption that it falls under.

    `groups` are the names of all groups that the thing is in.
    """
    return [
        _exempted(exemption)
        for exemption in policy.exemptions
        if now < exemption.expires and _is_about(exemption, thing_name, groups, type_name)
    ]


def _is_open(windows: Windows, now: datetime) -> bool:
    """Say whether the clocks of the windows' zone show an hour in which they are open; one shown twice counts twice."""
    there = now.astimezone(ZoneInfo(windows.zone))
    minute = there.weekday() * DAY_MINUTES + there.hour * 60 + there.minute
    return any(begin <= minute < end for hours in windows.open for begin, end in hours.minutes())


def _is_about(exemption: Exemption, thing_name: str, groups: Collection[str], type_name: str | None) -> bool:
    return (
        exemption.thing == thing_name
        or exemption.group in groups
        or (exemption.type is not None and exemption.type == type_name)
    )


def _outside(windows: Windows, now: datetime) -> str:
    there = now.astimezone(ZoneInfo(windows.zone))
    return (
        f"it is {DAYS[there.weekday()]} {there:%H:%M} in {windows.zone}, outside the windows in which Cordon acts by "
        "itself"
    )


def _frozen(freeze: Freeze) -> str:
    end = freeze.ends.astimezone(ZoneInfo(freeze.zone))
    return f"the freeze {quoted(freeze.name)} lasts until {end:%Y-%m-%d %H:%M:%S%z} in {freeze.zone}"


def _exempted(exemption: Exemption) -> str:
    kind = "thing" if exemption.thing else "group" if exemption.group else "type"
    name = exemption.thing or exemption.group or exemption.type
    return (
        f"{kind} {name} is exempt until {exemption.expires.isoformat()}, says {quoted(exemption.owner)}: "
        f"{quoted(exemption.reason, 256)}"
    )
