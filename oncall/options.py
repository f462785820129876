"""What the commands for people on call have in common: where the desk is, as whom one asks, and how it is shown."""

from __future__ import annotations

from typing import Annotated

import typer

_DESK = "Where the desk is"

Desk = Annotated[
    str | None,
    typer.Option(
        "--desk",
        metavar="URL",
        envvar="CORDON_DESK_URL",
        rich_help_panel=_DESK,
        help="The desk's URL; without it, the stack's output DeskUrl.",
    ),
]
Stack = Annotated[
    str,
    typer.Option(
        "--stack", metavar="NAME", envvar="CORDON_STACK", rich_help_panel=_DESK, help="The stack whose desk is asked."
    ),
]
Profile = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", rich_help_panel=_DESK, help="The profile whose credentials sign."),
]
Region = Annotated[
    str | None,
    typer.Option("--region", metavar="NAME", rich_help_panel=_DESK, help="The AWS Region of the stack."),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object and nothing else; nothing is asked on the terminal.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]

STACK = "cordon"
"""The stack whose desk is asked where nothing else is said."""
