"""What the commands say and ask on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import typer

from oncall.errors import BadUsage


def say(lines: Iterable[str]) -> None:
    """Print lines on standard output, each at once: somebody watches."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def say_json(answer: Mapping[str, Any]) -> None:
    """Print one JSON object; JSON itself escapes control characters, and all else that is not ASCII."""
    sys.stdout.write(json.dumps(answer, indent=2) + "\n")


def agreed(question: str, *, yes: bool) -> bool:
    """Say whether the person agrees; with `--yes` nothing is asked.

    Raises:
        typer.Abort: Ctrl-C, or nobody is there to answer.
    """
    return yes or typer.confirm(question, default=False)


def require_yes(*, as_json: bool, yes: bool) -> None:
    """Refuse `--json` without `--yes` where there is something to agree to.

    Raises:
        BadUsage: nothing can be asked, and nothing was agreed to.
    """
    if as_json and not yes:
        raise BadUsage("--json: found no --yes beside it, expected one: with --json nothing is asked")
