"""The shadows of things: what is desired of a device, what it reports, and what differs.

They lie where moto keeps its own (`thing_shadows` of a thing), so that its search finds them. What AWS IoT refuses of a
request is the local AWS's (`playtest/local_aws/iot_shadows.py`); a device of the plant says nothing that it would.
https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-document.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moto.iot.models import FakeThing

SECTIONS = ("desired", "reported")
RESERVED = "$package"
"""The shadow of the packages that are installed. It "doesn't update with metadata" (Developer Guide, "Preparing to use
Software Package Catalog")."""

State = Mapping[str, Any]
_LAST = "last_shadow_versions"


@dataclass(frozen=True)
class Shadow:
    """A shadow as one update left it. Times are epoch seconds.

    `times` has the shape of `state` and says when each value was last said; `said` and `token` are what the
    update asked for, and its clientToken.
    """

    version: int
    timestamp: int
    state: State = field(default_factory=dict)
    times: State = field(default_factory=dict)
    said: State = field(default_factory=dict)
    token: str | None = None
    has_metadata: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return what GetThingShadow answers; moto's search reads it under this name."""
        delta = difference(self.state.get("desired", {}), self.state.get("reported", {}))
        state = {**self.state, "delta": delta} if delta else dict(self.state)
        return self._document(state, self.times)

    def to_response_dict(self) -> dict[str, Any]:
        """Return what UpdateThingShadow answers: what was said, not all that there is."""
        document = self._document(self.said, _times(self.said, self.timestamp))
        return document if self.token is None else {**document, "clientToken": self.token}

    def _document(self, state: State, times: State) -> dict[str, Any]:
        metadata = _metadata(times, self.timestamp) if self.has_metadata else {}
        return {"state": dict(state), "metadata": metadata, "timestamp": self.timestamp, "version": self.version}


def update(
    thing: FakeThing, state: State | None, at: datetime, name: str | None = None, token: str | None = None
) -> Shadow:
    """Merge `state` into a shadow of the thing (its classic one has no name) and return it as it is then.

    A null takes away what it stands for, `state` itself included. A version goes on where a deleted shadow's ended.
    """
    before, second = shadows_of(thing).get(name), int(at.timestamp())
    kept = merged(before, state)
    times = _merged(before.times if before else {}, _times(_said(state), second))
    after = Shadow(
        last_version(thing, name) + 1,
        second,
        kept,
        {section: times[section] for section in kept},
        {section: said for section, said in (state or {}).items() if said is not None},
        token,
        has_metadata=name != RESERVED,
    )
    shadows_of(thing)[name] = after
    vars(thing).setdefault(_LAST, {})[name] = after.version
    return after


def merged(before: Shadow | None, state: State | None) -> dict[str, Any]:
    """Return what a shadow would hold after an update; a section that holds nothing is none."""
    kept = _merged(before.state if before else {}, _said(state))
    return {section: kept[section] for section in SECTIONS if kept.get(section)}


def delete(thing: FakeThing, name: str | None = None) -> Shadow:
    """Take a shadow away and return what it was; KeyError where there is none."""
    return shadows_of(thing).pop(name)


def shadows_of(thing: FakeThing) -> dict[str | None, Shadow]:
    """Return the shadows of the thing by name; its classic one has none."""
    shadows: Any = thing.thing_shadows  # annotated with moto's own kind
    kept: dict[str | None, Shadow] = shadows
    return kept


def last_version(thing: FakeThing, name: str | None = None) -> int:
    """Return the last version that a shadow had, also one that is deleted; 0 where there never was one."""
    versions: dict[str | None, int] = vars(thing).get(_LAST, {})
    return versions.get(name, 0)


def difference(desired: State, reported: State) -> dict[str, Any]:
    """Return what is desired and not reported, down to the single values; lists are compared whole."""
    found: dict[str, Any] = {}
    for key, wanted in desired.items():
        there = reported.get(key)
        if isinstance(wanted, Mapping) and isinstance(there, Mapping):
            if below := difference(wanted, there):
                found[key] = below
        elif key not in reported or wanted != there:
            found[key] = wanted
    return found


def _said(state: State | None) -> State:
    return dict.fromkeys(SECTIONS) if state is None else state


def _merged(before: State, said: State) -> dict[str, Any]:
    after = dict(before)
    for key, value in said.items():
        if value is None:
            after.pop(key, None)
        elif isinstance(value, Mapping):
            under = before.get(key)
            after[key] = _merged(under if isinstance(under, Mapping) else {}, value)
        else:
            after[key] = value
    return after


def _times(said: Any, second: int) -> Any:
    """Return the shape of what was said with the time in place of each value; a null stays one."""
    if isinstance(said, Mapping):
        return {key: _times(value, second) for key, value in said.items()}
    if isinstance(said, list):
        return [_times(value, second) for value in said]
    return None if said is None else second


def _metadata(times: Any, of_a_null: int) -> Any:
    if isinstance(times, Mapping):
        return {key: _metadata(value, of_a_null) for key, value in times.items()}
    if isinstance(times, list):
        return [_metadata(value, of_a_null) for value in times]
    return {"timestamp": of_a_null if times is None else times}
