"""How a command fails: one line on standard error, and an exit status.

CommandError
├── BadUsage         2: what was asked for cannot be; nothing was done
└── Failed           1: it was begun, and did not work
"""

from __future__ import annotations


class CommandError(Exception):
    """A command that ends with `status`; the text is its one line. Never raised itself."""

    status = 1


class BadUsage(CommandError):
    """The command line is wrong: names what, what was found and what was expected."""

    status = 2


class Failed(CommandError):
    """The command itself did not work."""
