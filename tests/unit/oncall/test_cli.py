from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from oncall.cli import app, run
from playtest.local_aws import LocalAws

EVENTS = Path(__file__).parents[3] / "events"
SAMPLE = str(EVENTS / "device-defender-detect.in-alarm.messages-sent-contained.json")


def commands(command: Any, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The words of every command and group below `command`, itself included."""
    below = getattr(command, "commands", {})
    return [words, *(found for name, inner in below.items() for found in commands(inner, (*words, name)))]


@pytest.mark.parametrize("words", commands(typer.main.get_command(app)), ids=" ".join)
def test_every_command_explains_itself_with_an_example(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` of each command and group ends well and shows a command line to copy."""
    assert run([*words, "--help"]) == 0
    assert re.search(r"Example: cordon \w+", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "FILE"),
        (["no-such-file.json"], "no-such-file.json"),
        (["-", "-"], "standard input once"),
        (["--mode", "dare", SAMPLE], "--mode: found 'dare', expected observe or approve or automatic"),
        (["--approve", "--silent", SAMPLE], "found '--approve --silent', expected one of --approve, --reject and"),
        (["--repeat", "0", SAMPLE], "from 1 to 10000"),
        (["--repeat", "10001", SAMPLE], "from 1 to 10000"),
        (["--repeat", "many", SAMPLE], "--repeat: found 'many', expected a whole number from 1 to 10000"),
        (["--repeat", "1" * 5000, SAMPLE], "from 1 to 10000"),
        (["no\nsuch\x1b[31m.json"], "expected a file that can be read"),
        (["--with-thing", "a b", SAMPLE], "--with-thing name"),
        (["--with-thing", "pump-01", SAMPLE], "found 'pump-01', expected a name that no other thing of the fleet has"),
        (["--with-thing", "t:a=1,b", SAMPLE], "--with-thing attribute: found 'b', expected attr=value"),
        (["--fault", "reconnects:pump-99", SAMPLE], "--fault reconnects: found 'pump-99', expected one of"),
        (["--fault", "earthquake", SAMPLE], "certificate-stays-accepted:THING"),
        (["--logs", "no/such/folder/file", SAMPLE], "expected a file that can be written (No such file or directory)"),
        (["--logs", "nul\0", SAMPLE], "expected the name of a file"),
        (["--no-such-option", SAMPLE], "--no-such-option"),
    ],
)
def test_bad_usage_is_one_line_and_exit_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is run and nothing printed on standard output; the one line on standard error says what is wrong."""
    started: list[LocalAws] = []
    monkeypatch.setattr(LocalAws, "_start", lambda aws, opening: started.append(aws))
    assert run(["playtest", "run", *arguments]) == 2
    assert started == []
    out, error = capsys.readouterr()
    assert out == ""
    assert error.count("\n") == 1
    assert error.startswith("cordon: ")
    assert error.rstrip("\n").isprintable()
    assert said in error


def test_an_unknown_command_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """A command that is not there ends with 2, too."""
    assert run(["playtest", "sing"]) == 2
    assert "sing" in capsys.readouterr().err
