"""What the known-good commands have in common: the file, checked, and what the desk says."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer
from cordon.model.known_good import KnownGood
from pydantic import ValidationError

from oncall.desk_answers import Answer
from oncall.errors import Failed

Thing = Annotated[str, typer.Argument(metavar="THING", show_default=False, help="The thing's name.")]
PATH = "/known-good"
"""At the desk: what is in force of a type below it, and where one is signed."""


class SignedSeen(Answer):
    """A known-good in force: the hash of the definition, its object's version, who signed it, and when."""

    hash: str
    version: str
    signed_by: str
    signed_at: datetime


def known_good_in(file: str, asked_as: str) -> KnownGood:
    """Return the known-good that the file holds; where it holds none, tell every mistake and end with bad usage.

    Raises:
        BadUsage: the file, which the command line's `asked_as` named, cannot be read.
        typer.Exit: it has mistakes, which were told.
    """
    from oncall.known_good.file import KNOWN_GOOD  # noqa: PLC0415 - see cordon plan
    from oncall.yaml_file.reading import read_or_tell  # noqa: PLC0415 - see cordon plan

    return read_or_tell(KNOWN_GOOD, file, asked_as)


def understood(definition: dict[str, Any]) -> KnownGood:
    """Return a known-good that the desk told of.

    Raises:
        Failed: this version of the command does not know it.
    """
    try:
        return KnownGood.model_validate(definition)
    except ValidationError as error:
        why = error.errors()[0]["msg"]
        raise Failed(f"this version of the command does not understand the known-good: {why}") from None
