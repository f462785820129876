"""The `cordon` command: its groups, and its one way to fail. Each command is a module of its own."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from cordon.model.text import quoted

from oncall import playtest
from oncall.errors import BadUsage, CommandError

app = typer.Typer(
    name="cordon",
    no_args_is_help=True,
    help="Answer security alarms of an AWS IoT fleet: contain the device, prove it, put it back.",
    epilog="Example: cordon playtest run events/device-defender-detect.in-alarm.messages-sent-contained.json",
)
app.add_typer(playtest.app)


@app.callback()
def cordon() -> None:
    """Answer security alarms of an AWS IoT fleet."""


def main() -> None:
    """Run the command line of this process, and end it with the command's exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a check mark must not end a run on a terminal that has none
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status; what is wrong with it goes to standard error in one line."""
    command = typer.main.get_command(app)
    try:
        ended = command.main(list(arguments), prog_name="cordon", standalone_mode=False)
    except CommandError as error:
        return _fail(str(error), error.status)
    except typer.exceptions.TyperException as error:
        # Typer's own usage errors; its box over many lines is for eyes, and a line is for eyes and scripts.
        said = error.format_message()
        return _fail(said, BadUsage.status) if said else BadUsage.status
    except typer.Abort:
        return _fail("stopped", CommandError.status)
    return ended if isinstance(ended, int) else 0


def _fail(said: str, status: int) -> int:
    line = quoted(" ".join(said.split()), 1000)[1:-1]
    sys.stderr.write(f"cordon: {line}\n")
    return status
