"""Say yes or no to a plan that waits: read it, agree, and answer for that very plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cordon.model.approval import RequestStatus, Verdict

from oncall.desk_answers import Decided, IncidentSeen, read
from oncall.desk_client import DeskClient
from oncall.errors import BadUsage, Failed
from oncall.incident_path import checked_hash, path_of
from oncall.incident_view import decided_lines, request_lines
from oncall.terminal import agreed, say, say_json
from playtest.exit_status import ANSWERED, AWAITING_A_PERSON

_ASKED = {Verdict.APPROVE: "Approve this plan?", Verdict.REJECT: "Reject this plan?"}


@dataclass(frozen=True)
class Deciding:
    """What a person says of an incident's plan: of the one with the hash `plan`, or of the one that is shown now."""

    client: DeskClient
    verdict: Verdict
    incident: str
    plan: str | None
    reason: str | None
    yes: bool
    as_json: bool

    def decide(self) -> int:
        """Answer, say what came of it, and return the exit status.

        Raises:
            BadUsage: incident or hash are none, or `--json` comes with neither a hash nor `--yes`.
            Failed: nothing waits for approval, or the person did not agree.
            DeskRefused: the desk did not take the answer, and says why.
        """
        path = path_of(self.incident, self.verdict)
        chosen = checked_hash(self.plan) if self.plan else self._shown()
        body: dict[str, Any] = {"plan_hash": chosen} | ({"reason": self.reason} if self.reason else {})
        answer = self.client.ask("POST", path, body)
        decided = read(Decided, answer)
        if self.as_json:
            say_json(answer)
        else:
            say(decided_lines(self.incident, decided))
        return AWAITING_A_PERSON if decided.status is RequestStatus.PENDING else ANSWERED

    def _shown(self) -> str:
        """Show the plan that waits, and return its hash once the person agrees to answer for it."""
        if self.as_json and not self.yes:
            raise BadUsage(
                "--json: found neither --plan nor --yes beside it, expected one: with --json nothing is asked"
            )
        seen = read(IncidentSeen, self.client.ask("GET", path_of(self.incident)))
        if not seen.asks or seen.approval is None:
            raise Failed(f"{self.incident} is {seen.status}: nothing of it waits for approval")
        if not self.as_json:
            say(request_lines(seen))
        if not agreed(_ASKED[self.verdict], yes=self.yes):
            raise Failed("nothing was decided")
        return seen.approval.plan_hash
