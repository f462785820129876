"""The Python that the Makefile takes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FIND_PYTHON = Path(__file__).parents[3] / "tools" / "find-python"
OWN_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder that is all of PATH, on a machine without pyenv; it holds the two programs that the script uses."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("head", "grep"):
        (folder / name).symlink_to(shutil.which(name) or name)
    return folder


def put(machine: Path, name: str, script: str) -> None:
    """Put a program on the machine."""
    program = machine / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def find_python(machine: Path, *version: str) -> subprocess.CompletedProcess[str]:
    """Run tools/find-python on that machine."""
    environment = {"PATH": str(machine), "PYENV_ROOT": str(machine.parent / "none")}
    shell = ["/bin/sh", str(FIND_PYTHON), *version]
    return subprocess.run(shell, env=environment, capture_output=True, text=True, check=False)


def test_a_shim_that_fails_is_passed_over(machine: Path) -> None:
    """A python3.13 on PATH that does not start, as pyenv leaves them, is no Python."""
    put(machine, "python3.13", "echo 'pyenv: command not found' >&2; exit 127")
    put(machine, "python3", f'exec "{sys.executable}" "$@"')
    found = find_python(machine)
    assert (found.returncode, found.stdout.strip()) == (0, sys.executable)


def test_a_python_of_another_version_is_passed_over(machine: Path) -> None:
    """What is there does not stand in for the version that was asked for."""
    put(machine, "python3", f'exec "{sys.executable}" "$@"')
    found = find_python(machine, "3.10")
    assert (found.returncode, found.stdout) == (1, "")


def test_the_asked_version_is_found_under_another_name(machine: Path) -> None:
    """A plain python3 of the asked version will do."""
    put(machine, "python3", f'exec "{sys.executable}" "$@"')
    assert find_python(machine, OWN_VERSION).stdout.strip() == sys.executable


def test_none_at_all_is_told_by_the_exit_status(machine: Path) -> None:
    """Where there is no Python the script prints nothing and fails."""
    found = find_python(machine)
    assert (found.returncode, found.stdout) == (1, "")
