from __future__ import annotations

from pathlib import Path

import pytest

from oncall.cli import run
from oncall.yaml_file.reading import LONGEST_FILE
from tests.unit.oncall.signed_desk import SignedDesk

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
Captured = pytest.CaptureFixture[str]
COMMANDS = (["known-good", "sign", "--yes"], ["known-good", "check", "pump-01", "--file"])
"""Both take a file, which comes last."""
EVERYTHING_WRONG = """\
schema_version: 2
thing_type: a pump
firmware:
  package: pump firmware
  version: 2.1
  flor: 2.0.0
  sha256: abc
policies: [plant-device]
groups: line-1
shadow:
  desired:
    interval: 60
    /mode: null
certificate:
  max_age_days: 0
  keys: [rsa-1024]
  exclusive: yes
atributes: {site: north}
"""
KINDS = "expected 'rsa-2048', 'rsa-3072', 'rsa-4096', 'ec-p256' or 'ec-p384'"
ALL_OF_IT = [
    ":1:17: schema_version: found 2, expected 1",
    ":2:13: thing_type: found 'a pump', expected 1 to 128 letters, digits, colons, underscores and hyphens",
    ":4:12: firmware.package: found 'pump firmware', expected 1 to 128 letters, digits, underscores, dots and hyphens",
    ":5:12: firmware.version: found 2.1, expected text, in quotes where it looks like something else",
    ":6:3: firmware.flor: found a field that is not known, expected floor",
    ":7:11: firmware.sha256: found 'abc', expected 64 hexadecimal digits, small ones",
    ":9:9: groups: found 'line-1', expected a list",
    ":12:5: shadow.desired.interval: found 'interval', expected a JSON pointer of up to 8 levels, such as /interval",
    ":13:12: shadow.desired./mode: found nothing, expected JSON of at most 8 levels, with finite numbers and no null",
    ":15:17: certificate.max_age_days: found 0, expected 1 or more",
    f":16:10: certificate.keys[0]: found 'rsa-1024', {KINDS}",
    ":17:14: certificate.exclusive: found 'yes', expected true or false",
    ":18:1: atributes: found a field that is not known, expected attributes",
]
HASH = "a" * 64
FIRMWARE = f"thing_type: pump\npolicies: []\nfirmware: {{package: p, version: 2.1.0, floor: 2.2.0, sha256: {HASH}}}\n"
OF_WORDS = f"thing_type: pump\npolicies: []\nfirmware: {{package: p, version: 2.1-beta, sha256: {HASH}}}\n"
WITHIN = "thing_type: pump\npolicies: []\nshadow: {desired: {/a: {b: 1}, /a/b: 1}}\n"


def told(command: list[str], path: Path, capsys: Captured) -> list[str]:
    """The lines of standard error about the file, without its name; its status must be that of bad usage."""
    assert run([*command, str(path)]) == 2
    out, error = capsys.readouterr()
    assert out == ""
    return [line.removeprefix(str(path)) for line in error.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_mistake_of_a_file_is_a_line(
    command: list[str], tmp_path: Path, capsys: Captured, desk: SignedDesk
) -> None:
    """Line, column, field, what was found and expected, of all that is wrong; and nothing is sent."""
    path = tmp_path / "pump.yaml"
    path.write_text(EVERYTHING_WRONG)
    assert told(command, path, capsys) == ALL_OF_IT
    assert desk.asked == []


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1:1: found nothing, expected the fields of a known-good, of which thing_type and policies must"),
        ("- a\n", ":1:1: found a list, expected the fields"),
        ("thing_type: [", ":1:14: found what is not YAML here (expected the node content"),
        ("policies: []\n", ":1:1: thing_type: found nothing, expected a value"),
        ("thing_type: pump\n", ":1:1: policies: found nothing, expected a value"),
        ("thing_type: pump\npolicies: []\npolicies: [all]\n", ":3:1: policies: found a key that line 2 has, too"),
        ("thing_type: pump\npolicies: [a, a]\n", ":2:15: policies[1]: found 'a', expected every name once"),
        ("thing_type: &a pump\npolicies: []\n", ":1:13: thing_type: found an anchor (&a), expected the value alone"),
        (WITHIN, ":3:38: shadow.desired./a/b: found 1, expected no place within another that is named (/a)"),
        (OF_WORDS, ":3:33: firmware.version: found '2.1-beta', expected one to four numbers with dots between"),
        (FIRMWARE, ":3:47: firmware.floor: found '2.2.0', expected 2.1.0 (the version) or lower"),
        ("a" * (LONGEST_FILE + 1), ":1:1: found a longer file, expected at most 256 kB"),
    ],
)  # fmt: skip # a row is a line
def test_what_is_no_known_good_is_told_in_one_line(
    command: list[str], text: str, said: str, tmp_path: Path, capsys: Captured, desk: SignedDesk
) -> None:
    """Empty, a list, no YAML, a field missing or said twice, a floor above the version, too long: nothing is sent."""
    path = tmp_path / "pump.yaml"
    path.write_text(text)
    (line,) = told(command, path, capsys)
    assert line.startswith(said)
    assert desk.asked == []


@pytest.mark.parametrize(("command", "name"), [(COMMANDS[0], "FILE"), (COMMANDS[1], "--file")])
def test_a_file_that_is_not_there_is_bad_usage(
    command: list[str], name: str, capsys: Captured, desk: SignedDesk
) -> None:
    """One line that says which argument named it; and nothing is sent."""
    assert run([*command, "no-such\n.yaml"]) == 2
    assert capsys.readouterr().err.startswith(f"cordon: {name}: found 'no-such")
    assert desk.asked == []
