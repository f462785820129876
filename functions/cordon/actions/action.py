"""The shape of every action."""

from __future__ import annotations

from typing import Any, Protocol

from cordon.model.change import Change


class Action(Protocol):
    """A kind of change of the outside world.

    Each also has a `plan`, which only reads and returns the changes for its own kind of target. `read` and `apply` are
    what the ledger, verification and undoing need: verified means `read(change.resource) == change.after`, and undoing
    applies `change.inverse()`.
    """

    name: str

    def read(self, resource: str) -> Any:
        """Return what is there now, as JSON, comparable with a change's before and after."""
        ...

    def apply(self, change: Change) -> None:
        """Make the change. To make it twice is the same as once, also when the first time was not recorded."""
        ...

    def by_hand(self, change: Change) -> list[str]:
        """Return the words of the AWS CLI command that makes the change, for the ticket and for a person at night."""
        ...
