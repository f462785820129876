"""What the tests of the steps put in place of AWS's bus and topic."""

from __future__ import annotations

from typing import Any


class Told:
    """A bus and a topic that keep what they are given."""

    def __init__(self) -> None:
        self.announced: list[str] = []
        self.pages: list[str] = []

    def put_events(self, **request: Any) -> dict[str, Any]:
        """Keep what kind of event it is."""
        self.announced += [entry["DetailType"] for entry in request["Entries"]]
        return {"FailedEntryCount": 0}

    def publish(self, **message: Any) -> None:
        """Keep the subject."""
        self.pages.append(message["Subject"])
