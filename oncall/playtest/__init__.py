"""`cordon playtest`: the whole of Cordon on this machine, against a local AWS and a demo fleet."""

from __future__ import annotations

import typer

from oncall.playtest.run import run

app = typer.Typer(
    name="playtest",
    no_args_is_help=True,
    help="Play alarms on this machine: the real template, playbooks and handlers in a local AWS, with a demo fleet.",
    epilog="Example: cordon playtest run --with-thing press-07:site=hall-b my-alarm.json",
)


@app.callback()
def playtest() -> None:
    """Play alarms on this machine."""


app.command(
    "run",
    epilog="Example: cordon playtest run --mode observe "
    "events/device-defender-detect.in-alarm.messages-sent-contained.json",
)(run)
