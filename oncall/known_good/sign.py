"""`cordon known-good sign`: show what a known-good changes of the one in force, and sign it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from oncall.at_desk import Connect, at_desk
from oncall.desk_answers import Answer, read
from oncall.errors import Failed
from oncall.known_good.defined import PATH, SignedSeen, known_good_in, understood
from oncall.options import AsJson, Yes
from oncall.terminal import agreed, require_yes, say, say_json

if TYPE_CHECKING:
    from cordon.model.known_good import KnownGood

File = Annotated[str, typer.Argument(metavar="FILE", show_default=False, help="The known-good, in YAML.")]


class KnownGoodSeen(Answer):
    """GET /known-good/TYPE: what is in force; `trouble` says why there is none."""

    definition: dict[str, Any] | None
    known_good: SignedSeen | None
    trouble: str | None

    @property
    def hash(self) -> str | None:
        """The hash of what is in force."""
        return self.known_good.hash if self.known_good else None


@at_desk
def sign(
    file: File,
    yes: Yes = False,
    as_json: AsJson = False,
    *,
    connect: Connect,
) -> None:
    """Show what a known-good changes of the one in force for its thing type, and have the desk sign it.

    The key is the stack's, and who signs is you. It is in force at once.

    Exit status: 0 signed, 1 it was not, 2 bad usage.
    """
    require_yes(as_json=as_json, yes=yes)
    known = known_good_in(file, "FILE")
    client = connect()
    seen = read(KnownGoodSeen, client.ask("GET", f"{PATH}/{known.thing_type}"))
    if not as_json:
        _say_what_changes(seen, known)
    if not agreed("Sign it?", yes=yes):
        raise Failed("nothing was signed")
    answer = client.ask("POST", PATH, {"definition": known.model_dump(mode="json"), "base": seen.hash})
    signed = read(SignedSeen, answer)
    if as_json:
        say_json(answer)
    else:
        _say_what_came_of_it(known, signed)


def _say_what_changes(seen: KnownGoodSeen, known: KnownGood) -> None:
    from oncall.yaml_file.wording import difference  # noqa: PLC0415 - see cordon plan
    from playtest.report.wording import plain  # noqa: PLC0415 - see cordon plan

    old = None if seen.definition is None else understood(seen.definition)
    if old is None:
        say([f"No known-good is in force for the type {known.thing_type}: {plain(seen.trouble or '')}"])
    say(difference(old, known) or ["nothing is changed"])


def _say_what_came_of_it(known: KnownGood, signed: SignedSeen) -> None:
    from playtest.report.wording import plain  # noqa: PLC0415 - see cordon plan

    about = f"{plain(signed.hash)}, version {plain(signed.version)}"
    say([f"Signed by {plain(signed.signed_by)}: {about}, in force for things of the type {known.thing_type}."])
