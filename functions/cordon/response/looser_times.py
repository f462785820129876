"""In which times a response policy lets Cordon act where another did not: windows, freezes, exemptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from cordon.model.policy_calendar import DAY_MINUTES, DAYS, WEEK_MINUTES, Exemption, Freeze, Windows
from cordon.model.text import quoted


def windows(old: Windows | None, new: Windows | None) -> Iterator[str]:
    """Say when Cordon may act by itself that it could not; hours of two zones cannot be compared for good."""
    was_open = _minutes(old)
    if len(was_open) == WEEK_MINUTES or old is None:
        return
    if new is None:
        yield "windows: at all times, where only some hours were open"
    elif new.zone != old.zone:
        yield f"windows.zone: {new.zone} where it was {old.zone}, whose hours are others"
    elif more := sorted(_minutes(new) - was_open):
        first = f"{DAYS[more[0] // DAY_MINUTES]} {more[0] // 60 % 24:02}:{more[0] % 60:02}"
        yield f"windows.open: {len(more)} minutes of the week more, the first on {first}"


def _minutes(of: Windows | None) -> set[int]:
    if of is None:
        return set(range(WEEK_MINUTES))
    return {minute for hours in of.open for begin, end in hours.minutes() for minute in range(begin, end)}


def freezes(old: Sequence[Freeze], new: Sequence[Freeze], now: datetime) -> Iterator[str]:
    """Say which freezes, as far as they are still to come, are not wholly frozen any more."""
    frozen = sorted((freeze.begins, freeze.ends) for freeze in new)
    for freeze in old:
        thaw = _first_outside(max(now, freeze.begins), frozen)
        if thaw < freeze.ends:
            yield f"freezes: {quoted(freeze.name)} is no longer frozen at {thaw.isoformat()}"


def _first_outside(moment: datetime, parts: Sequence[tuple[datetime, datetime]]) -> datetime:
    """Return the first instant from `moment` on that is in none of the parts, which stand in order."""
    for begin, end in parts:
        if begin <= moment < end:
            moment = end
    return moment


def exemptions(old: Sequence[Exemption], new: Sequence[Exemption], now: datetime) -> Iterator[str]:
    """Say which exemptions that have not expired end earlier, or are gone."""
    until: dict[tuple[str | None, ...], datetime] = {}
    for exemption in new:
        about = _about(exemption)
        until[about] = max(exemption.expires, until.get(about, exemption.expires))
    for exemption in old:
        about = _about(exemption)
        if now < exemption.expires and until.get(about, now) < exemption.expires:
            name = next(filter(None, about))
            yield f"exemptions: {name} is no longer exempt until {exemption.expires.isoformat()}"


def _about(exemption: Exemption) -> tuple[str | None, ...]:
    return exemption.thing, exemption.group, exemption.type
