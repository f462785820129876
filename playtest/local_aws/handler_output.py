"""Where a handler's stdout goes: to its invocation, as Lambda sends it to the log group, and not to the terminal."""

from __future__ import annotations

import io
import sys
from contextvars import ContextVar
from typing import TextIO

OUTPUT: ContextVar[list[str] | None] = ContextVar("output", default=None)


class _Router(io.TextIOBase):
    """A stdout that gives each write to the invocation that makes it, or to the stream it stands before."""

    def __init__(self) -> None:
        super().__init__()
        self.behind: TextIO = sys.stdout

    def write(self, text: str) -> int:
        lines = OUTPUT.get()
        if lines is not None:
            lines.append(text)
            return len(text)
        return self._stream.write(text)

    def flush(self) -> None:
        if OUTPUT.get() is None and not self._stream.closed:
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    @property
    def encoding(self) -> str:  # type: ignore[override] # read-only here, as what it stands before decides it
        return self._stream.encoding

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def _stream(self) -> TextIO:
        return self.behind if sys.stdout is self else sys.stdout


_router = _Router()
"""One for the whole process: loggers keep the stdout that they found when they were made."""


def start() -> None:
    """Stand before the present stdout."""
    if sys.stdout is not _router:
        _router.behind = sys.stdout
        sys.stdout = _router


def stop() -> None:
    """Put the stdout back that was there."""
    if sys.stdout is _router:
        sys.stdout = _router.behind
