"""`cordon playtest run`: raw alarms in, and everything that became of them out."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from oncall.errors import BadUsage, Failed, bad

if TYPE_CHECKING:
    from rich.console import Console

    from playtest.run.play import Played
    from playtest.run.scenario import Scenario

_WIDTH = 100
"""Columns where no terminal says how many it has."""


def run(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            show_default=False,
            help="Raw alarms, each delivered when the one before has settled: an EventBridge event, an SNS-to-Lambda "
            "Records envelope, a Device Defender message, or any other text; - is standard input. In a file, "
            "${certificate-id:THING} stands for a demo certificate's id, ${role-id:ROLE} for a demo role's, and "
            "${now} for the playtest's time in ms.",
        ),
    ],
    with_thing: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:attr=value,...",
            help="Add a connected thing with its own certificate first; the attributes may be left out.",
        ),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            metavar="observe|approve|automatic",
            show_default="automatic",
            help="observe shows the plan, approve asks people first, automatic carries it out.",
        ),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Play under this response policy instead; it says itself how far to go."),
    ] = None,
    approve: Annotated[
        bool, typer.Option("--approve", help="People of the demo plant approve each plan; two where two are needed.")
    ] = False,
    reject: Annotated[bool, typer.Option("--reject", help="One of them rejects it.")] = False,
    silent: Annotated[
        bool, typer.Option("--silent", help="Nobody answers, and the time runs out. Without any of these, it waits.")
    ] = False,
    repeat: Annotated[str, typer.Option(metavar="N", help="Deliver each alarm N times at once, 1 to 10000.")] = "1",
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:WHERE=NUMBER",
            help="Switch a fault of the local AWS on, such as certificate-stays-accepted:pump-01, reconnects:pump-01=2 "
            "or ticket-system-down; an unknown name lists them all.",
        ),
    ] = None,
    device: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=BEHAVIOUR",
            help="Let a device of the fleet behave so: one behaviour about its session, one about its jobs. They are "
            "listed below.",
        ),
    ] = None,
    logs: Annotated[str | None, typer.Option(metavar="FILE", help="Write what the functions log to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Put raw alarms into a local AWS with a demo fleet, and show what becomes of them. No real account is touched.

    The alarm's age is not judged here: samples are of any date.

    Exit status: 0 answered, 1 a person must look, 2 bad usage, 3 a plan waits for approval.
    """
    fleet = {"with_things": with_thing or [], "devices": device or []}
    asked = _scenario(files, policy, mode=mode, repeat=repeat, faults=fault or [], **fleet)
    asked = _answered(asked, {"approve": approve, "reject": reject, "silent": silent})
    with _log_file(logs) as log_file:
        played = _played(asked, None if as_json else _console())
        if log_file:
            _write_logs(log_file, played)
    if as_json:
        sys.stdout.write(json.dumps(played.result.model_dump(mode="json"), indent=2) + "\n")
    raise typer.Exit(_exit_status(played))


def _scenario(files: Sequence[str], policy: str | None, **asked: Any) -> Scenario:
    # Here and below: the local AWS takes a second to import, and no other command waits for it.
    from oncall.policy.file import read_policy  # noqa: PLC0415 - see above
    from playtest.run.bad_scenario import BadScenario  # noqa: PLC0415 - see above
    from playtest.run.raw_alarm import STANDARD_INPUT, read_raw_alarm  # noqa: PLC0415 - see above
    from playtest.run.scenario import scenario  # noqa: PLC0415 - see above

    if files.count(STANDARD_INPUT) > 1:
        raise BadUsage("FILE: found - more than once, expected standard input once")
    try:
        alarms = [read_raw_alarm(file, sys.stdin.buffer) for file in files]
        return scenario(alarms, policy=read_policy(policy) if policy is not None else None, **asked)
    except BadScenario as bad:
        raise BadUsage(str(bad)) from None


def _answered(asked: Scenario, options: Mapping[str, bool]) -> Scenario:
    """Return the scenario with what people do when they are asked, of which one option may say something."""
    from playtest.run.demo_people import PeoplesAnswer  # noqa: PLC0415 - see above

    given = [name for name, is_given in options.items() if is_given]
    if len(given) > 1:
        raise bad("options", " ".join(f"--{name}" for name in given), "one of --approve, --reject and --silent")
    return dataclasses.replace(asked, answer=PeoplesAnswer(given[0]) if given else None)


def _console() -> Console:
    from rich.console import Console  # noqa: PLC0415 - see above

    # This very stream: the local AWS stands before sys.stdout while it is up, to keep the handlers' lines apart.
    console = Console(file=sys.stdout, markup=False, highlight=False, emoji=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = _WIDTH
    return console


def _played(asked: Scenario, console: Console | None) -> Played:
    from playtest.local_aws import NetworkReached  # noqa: PLC0415 - see above

    try:
        return _shown(asked, console) if console else _silent(asked)
    except (Exception, NetworkReached) as error:  # whatever it is, a run that failed itself is never green
        raise Failed(
            f"the playtest itself failed, nothing is known of the alarm: {type(error).__name__}: {error}"
        ) from error


def _silent(asked: Scenario) -> Played:
    from playtest.run.play import play  # noqa: PLC0415 - see above

    return play(asked)


def _shown(asked: Scenario, console: Console) -> Played:
    from playtest.report.live import LiveView  # noqa: PLC0415 - see above
    from playtest.report.page import show_beginning, show_end  # noqa: PLC0415 - see above
    from playtest.run.play import play  # noqa: PLC0415 - see above

    show_beginning(console, asked)
    console.print()
    with LiveView(console) as view:
        played = play(asked, on_event=view.take, on_up=view.up, on_down=view.down)
    show_end(console, played)
    return played


def _exit_status(played: Played) -> int:
    from playtest.exit_status import exit_status  # noqa: PLC0415 - see above

    return exit_status(played.result)


@contextlib.contextmanager
def _log_file(name: str | None) -> Iterator[TextIO | None]:
    if name is None:
        yield None
        return
    try:
        file = Path(name).open("w")  # noqa: SIM115 - opened apart, so that only its own error is bad usage
    except OSError as error:
        raise BadUsage(f"--logs: found {name!r}, expected a file that can be written ({error.strerror})") from None
    except ValueError:
        raise BadUsage(f"--logs: found {name!r}, expected the name of a file") from None  # a NUL in the name
    with file:
        yield file


def _write_logs(file: TextIO, played: Played) -> None:
    """Write a JSON line for each run of a function: what it logged, and its error."""
    for one in played.invocations:
        said = {"function": one.function, "request_id": one.request_id, "error": one.error, "log": "".join(one.output)}
        file.write(json.dumps(said) + "\n")
