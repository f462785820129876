"""Which client ids connected with which certificates, as the optional IoT rules of the template record it."""

from __future__ import annotations

from cordon.incidents import rows
from cordon.incidents.table import Table

MOST_CLIENT_IDS = 50
"""Client ids of a certificate that are looked at: whoever has its key may choose any number."""


class Connections:
    """Reads what the rules wrote; where there are no rules, nothing is known."""

    def __init__(self, table: Table) -> None:
        """Read from `table`."""
        self._table = table

    def client_ids(self, certificate_id: str) -> tuple[list[str], bool]:
        """Return the client ids that connected with the certificate, the newest first, and whether there are more.

        One call reads 1 MB, some 4,000 of them: beyond that it is not known which are the newest.
        """
        found, is_more = self._table.page(rows.of_certificate(certificate_id))
        newest = sorted(found, key=lambda row: row["connected_at"], reverse=True)
        return [row["client_id"] for row in newest[:MOST_CLIENT_IDS]], is_more or len(newest) > MOST_CLIENT_IDS

    def last_certificate(self, client_id: str) -> str | None:
        """Return the id of the certificate with which the client id connected last; None if that is not recorded."""
        row = self._table.get(rows.of_client(client_id), rows.CONNECTION)
        return str(row["principal"]) if row else None
