"""The `cordon` command: its groups, and its one way to fail. Each command is a module of its own."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from cordon.model.text import quoted

from oncall import known_good, playtest, policy
from oncall.approve import approve
from oncall.errors import BadUsage, CommandError
from oncall.plan import plan
from oncall.reject import reject
from oncall.respond import respond

app = typer.Typer(
    name="cordon",
    no_args_is_help=True,
    help="Answer security alarms of an AWS IoT fleet: contain the device, prove it, put it back.",
    epilog="Example: cordon playtest run events/device-defender-detect.in-alarm.messages-sent-contained.json",
)
app.command("plan", epilog="Example: cordon plan contain_thing --thing pump-01")(plan)
app.command(
    "respond", epilog='Example: cordon respond contain_thing --thing pump-01 --reason "it sends what nobody asked for"'
)(respond)
app.command("approve", epilog="Example: cordon approve inc-20261123-0123456789")(approve)
app.command("reject", epilog='Example: cordon reject inc-20261123-0123456789 --reason "that was our own test"')(reject)
app.add_typer(policy.app)
app.add_typer(known_good.app)
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
