"""`cordon playtest`: the whole of Cordon on this machine, against a local AWS and a demo fleet."""

from __future__ import annotations

import typer

from oncall.playtest.run import run
from playtest.behaviours import JOB_BEHAVIOURS, SESSION_BEHAVIOURS


def _behaviours() -> str:
    """Return what a device may do, a paragraph each: of an epilog, typer prints one in a line of its own."""
    session = [f"{name}: {says}" for name, says in SESSION_BEHAVIOURS.items()]
    jobs = [f"{name}: {behaviour.says}" for name, behaviour in JOB_BEHAVIOURS.items()]
    return "\n\n".join(["What a device may do about its session:", *session, "And about its jobs:", *jobs])


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
    f"events/device-defender-detect.in-alarm.messages-sent-contained.json\n\n{_behaviours()}",
)(run)
