"""Which incidents a finding belongs to: its detector sends it again and again, and it may lead elsewhere meanwhile.

A finding that names its thing needs none of this: the thing's open-incident key is enough. One that was tied to a thing
by clues may be tied to another tomorrow (a certificate moved, a role changed), and is still the same finding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cordon import clock
from cordon.errors import AlarmRejected
from cordon.incidents import rows
from cordon.incidents.record import parsed
from cordon.incidents.table import ConditionFailed, Row, Table, Write, key, put
from cordon.model.alarm import Alarm, Attribution, Certainty
from cordon.model.base import SCHEMA_VERSION, Word
from cordon.model.text import quoted


class _Found(Word):
    """One alarm that was made of a message, and its thing."""

    id: str
    thing_name: str | None = None
    attribution: Attribution


def told_by(alarm: Alarm) -> Row:
    """Return what makes two deliveries the same alarm: what the detector said of what, however it was wrapped.

    Not when it reached us, nor what we made of it: a redelivery may come another way, and to a later version.
    """
    told = {"source", "kind", "thing_name", "account", "region", "finding_id", "raised_at"}
    return alarm.model_dump(mode="json", include=told)


def require_the_same(row: Row, alarm: Alarm) -> None:
    """Return if the row is of this alarm.

    Raises:
        AlarmRejected: another alarm came before under this id; names the first field that differs.
    """
    for name, value in told_by(alarm).items():
        if row.get(name, value) != value:
            expected = f"{quoted(row[name])}, as the alarm said that came before under the id {alarm.id}"
            raise AlarmRejected(field=name, found=quoted(value), expected=expected)


def is_tied_by_clues(alarm: Alarm) -> bool:
    """Say whether its thing was looked up, and not named by the detector itself."""
    return alarm.attribution is not None and alarm.attribution.certainty is not Certainty.STATED


def subject_of(alarm: Alarm) -> str:
    """Return what one incident at a time is open for: the thing, or where none is known the finding."""
    return alarm.thing_name or f"finding/{rows.hashed(alarm.finding_id)}"  # no thing's name has a slash


@dataclass(frozen=True)
class Reported:
    """What was recorded of a finding and a playbook: subjects with their incidents, oldest first."""

    key: Row
    incidents: tuple[tuple[str, str], ...] = ()

    def candidates(self, alarm: Alarm) -> list[str]:
        """Return the incidents that this alarm of the finding may belong to, the likeliest first.

        Of several alarms in one message each has its own subject; where there is but one, whatever the finding led to
        before is still its incident.
        """
        own = [incident for subject, incident in self.incidents if subject == subject_of(alarm)]
        if "/" in alarm.id:
            return own
        return list(dict.fromkeys([*own, *(incident for _, incident in self.incidents)]))

    def recorded(self, alarm: Alarm, incident_id: str) -> list[Write]:
        """Return the write that records that the finding belongs to that incident; none where it is known.

        Another writer who was faster makes its condition fail.
        """
        entry = (subject_of(alarm), incident_id)
        if entry in self.incidents:
            return []
        kept = [one for one in self.incidents if one[0] != entry[0]]
        row = {**self.key, "schema_version": SCHEMA_VERSION, "incidents": [list(one) for one in [*kept, entry]]}
        if not self.incidents:
            return [put(row)]
        return [put(row, condition="#incidents = :seen", seen=[list(one) for one in self.incidents])]


class Findings:
    """What is remembered of findings, over the table."""

    def __init__(self, table: Table) -> None:
        """Keep it in `table`."""
        self._table = table

    def reported(self, alarm: Alarm) -> Reported:
        """Return what is recorded of the finding of an alarm."""
        pk, sk = rows.of_finding(alarm.account, alarm.finding_id), alarm.playbook
        row = self._table.get(pk, sk) or {}
        return Reported(key(pk, sk), tuple((subject, incident) for subject, incident in row.get("incidents", [])))

    def attributed(self, alarm: Alarm, attribute: Callable[[Alarm], list[Alarm]]) -> list[Alarm]:
        """Return the alarms that `attribute` makes of one, the same ones whenever its message is delivered again.

        What was found first counts: a redelivery must not open an incident for another thing because AWS IoT answers
        otherwise by then.

        Raises:
            AlarmRejected: another alarm has come under this id before.
        """
        if alarm.thing_name is not None:
            return attribute(alarm)
        row = self._attribution(alarm)
        if row is None:
            found = attribute(alarm)
            if self._keep(alarm, found):
                return found
            row = self._attribution(alarm) or {"found": []}
        require_the_same(row, alarm)
        return [_as_found(alarm, entry) for entry in row["found"]]

    def _attribution(self, alarm: Alarm) -> Row | None:
        return self._table.get(rows.of_attribution(alarm.id), rows.ATTRIBUTION)

    def _keep(self, alarm: Alarm, found: list[Alarm]) -> bool:
        """Keep what was found; False where another delivery was faster."""
        each = [one.model_dump(mode="json", include={"id", "thing_name", "attribution"}) for one in found]
        row: Row = {**key(rows.of_attribution(alarm.id), rows.ATTRIBUTION), **told_by(alarm), "found": each}
        expires = int((clock.now() + rows.ALARMS_REMEMBERED).timestamp())
        try:
            self._table.write(put({**row, "schema_version": SCHEMA_VERSION, "expires_at": expires}))
        except ConditionFailed:
            return False
        return True


def _as_found(alarm: Alarm, entry: Any) -> Alarm:
    found = parsed(_Found, entry)
    return alarm.model_copy(update={"id": found.id, "thing_name": found.thing_name, "attribution": found.attribution})
