"""A known-good that was captured, as a file to read and to edit: every field said, and above it what to look at."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from cordon.model.known_good import THING, KnownGood

from oncall.errors import Failed
from oncall.known_good.file import KNOWN_GOOD
from oncall.known_good.its_own import looks_its_own, named_after_it
from oncall.yaml_file.fault import BadFile
from oncall.yaml_file.reading import held_by
from oncall.yaml_file.wording import in_yaml
from playtest.report.wording import plain

_WIDTH = 100
_MOST_NAMED = 20
_FIRMWARE = (
    "What {it} says in its $package shadow is installed, and the hash of the artefact that the catalog has of it. "
    "Nothing below floor is ever installed; null: nothing below version."
)
_NO_FIRMWARE = "Not captured, for the reason above: as it is, firmware is not compared."
_ABOUT = {
    "policies": "The policies on each certificate of a thing, and no others.",
    "groups": "Static groups that each thing of the type is in, or in a child group of: name the one above where that "
    "is meant, and take out those that are only {it}'s. Not captured: dynamic groups, which go by their query.",
    "shadow": "What is desired of {it} in its classic shadow. What stands neither here nor below may_differ is drift: "
    "where things of the type may differ, name the place there instead. Not captured: named shadows, and what is "
    "reported.",
    "certificate": "What the certificates of {it} are: widen it to what any certificate of these things may be. Not "
    "captured: max_age_days, how long ago one may have been issued; null is any time.",
    "attributes": "Each thing of the type has these, and may have more: take out those that are only {it}'s.",
}


@dataclass(frozen=True)
class CapturedFrom:
    """From which thing it was captured, when, and what the desk has to say of that, in sentences."""

    thing: str
    at: datetime
    remarks: list[str]


def as_commented_file(known: KnownGood, about: CapturedFrom) -> list[str]:
    """Return the lines of the file that holds a known-good which was captured.

    Raises:
        Failed: what was captured cannot be written so that it reads as it is.
    """
    lines = [line for part in _parts(known, about) for line in (*part, "")][:-1]
    try:
        read = held_by(KNOWN_GOOD, "\n".join(lines).encode(), plain(about.thing))
    except BadFile as bad_file:
        raise Failed(f"what was captured makes no file: {bad_file}") from None
    if read.hash != known.hash:
        raise Failed("what was captured makes no file that reads as it is")
    return lines


def _parts(known: KnownGood, about: CapturedFrom) -> Iterator[list[str]]:
    facts = known.model_dump(mode="json")
    said = {"schema_version": facts.pop("schema_version"), "thing_type": facts.pop("thing_type")}
    yield [*_comments(_head(known, about)), *in_yaml(said)]
    for field, value in facts.items():
        yield [*_comments(_remarks(known, field, about.thing)), *in_yaml({field: value})]


def _head(known: KnownGood, about: CapturedFrom) -> Iterator[str]:
    moment = about.at.isoformat(timespec="seconds")
    yield f"A known-good of things of the type {known.thing_type}, captured from {about.thing} at {moment}."
    yield "It says what this one thing is. Keep what holds for each thing of the type; then it is signed by"
    yield "cordon known-good sign FILE"
    yield f"What the fields mean stands in docs/known-good.md; {THING} stands for the name of a thing."
    if about.remarks:
        yield f"Look at this first, of {about.thing}:"
        yield from (f"- {remark}" for remark in about.remarks)


def _remarks(known: KnownGood, field: str, thing: str) -> Iterator[str]:
    """Yield what whoever edits the file should know of a field."""
    firmware = _FIRMWARE if known.firmware else _NO_FIRMWARE
    yield {"firmware": firmware, **_ABOUT}[field].format(it=thing)
    if named := named_after_it(known, field):
        yield f"Where the name {thing} stood, {THING} stands: {_listed(named)}."
    if own := looks_its_own(known, field):
        yield f"What looks like a number or an address of {thing}'s own: {_listed(own)}."


def _listed(fields: list[str]) -> str:
    more = len(fields) - _MOST_NAMED
    return ", ".join(plain(one, 100) for one in fields[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _comments(sentences: Iterable[str]) -> list[str]:
    """Return the sentences as comments; a shadow may hold anything, and no sentence about it ends its line."""
    wrapped = (line for one in sentences for line in textwrap.wrap(plain(one, 5000), _WIDTH - 2) or [""])
    return [f"# {line}" for line in wrapped]
