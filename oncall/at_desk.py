"""A command that asks the desk: the options that say where it is and as whom one asks, said once for all of them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from oncall.options import STACK, Desk, Profile, Region, Stack

if TYPE_CHECKING:
    from oncall.desk_client import DeskClient

Connect = Callable[[], "DeskClient"]
"""Finds the desk and who is asking. Raises BadUsage or Failed: `desk_connection.connect`."""
_PLACE = "connect"


def at_desk(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options for the desk, before its last; what they lead to it takes as `connect`.

    The desk is looked for when the command calls `connect`, after it has checked what costs nothing to check.
    """
    signature = inspect.signature(command, eval_str=True)
    where = inspect.signature(_connected, eval_str=True).parameters
    *own, last = (one for name, one in signature.parameters.items() if name != _PLACE)

    @functools.wraps(command)
    def asking(**given: Any) -> None:
        found = {name: given.pop(name) for name in where}
        command(**given, **{_PLACE: functools.partial(_connected, **found)})

    taken = [*own, *where.values(), last]
    # typer reads a command's options from both.
    asking.__signature__ = signature.replace(parameters=taken)  # type: ignore[attr-defined] # what inspect looks for first
    asking.__annotations__ = {one.name: one.annotation for one in taken} | {"return": None}
    return asking


def _connected(desk: Desk = None, stack: Stack = STACK, profile: Profile = None, region: Region = None) -> Any:
    # botocore takes a while to import, and no `--help` waits for it: so that the client is not named here, either.
    from oncall.desk_connection import Whereabouts, connect  # noqa: PLC0415 - see above

    return connect(Whereabouts(desk, stack, profile, region))
