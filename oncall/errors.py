"""How a command fails: one line on standard error, and an exit status.

CommandError
├── BadUsage         2: what was asked for cannot be; nothing was done
├── Failed           1: it was begun, and did not work
│   └── DeskUnreached    the desk did not answer: whoever waits for something may ask again
└── DeskRefused      2 where the desk says that what was asked for cannot be, else 1; nothing was changed
"""

from __future__ import annotations

from http import HTTPStatus

from cordon.model.text import quoted

_NOT_TO_BE = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


class CommandError(Exception):
    """A command that ends with `status`; the text is its one line. Never raised itself."""

    status = 1


class BadUsage(CommandError):
    """The command line is wrong: names what, what was found and what was expected."""

    status = 2


class Failed(CommandError):
    """The command itself did not work."""


class DeskUnreached(Failed):
    """No answer came from the desk, or only that of something before it."""


class DeskRefused(CommandError):
    """The desk said no, in its own words: `code` names the reason for programs, `field` what of the request it is."""

    def __init__(self, http_status: int, code: str, message: str, field: str | None) -> None:
        """Keep what the desk said; a request that cannot be is bad usage, anything else a failure."""
        place = f"{field}: " if field and not message.startswith(field) else ""
        super().__init__(f"the desk refused ({code}): {place}{message}")
        self.code, self.field, self.http_status = code, field, http_status
        self.status = BadUsage.status if http_status in _NOT_TO_BE else Failed.status


def bad(what: str, found: object, expected: str) -> BadUsage:
    """Return the error that says what was found and what was expected; `found` comes from outside."""
    return BadUsage(f"{what}: found {quoted(found)}, expected {expected}")
