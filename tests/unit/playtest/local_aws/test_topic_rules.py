from __future__ import annotations

from typing import Any

import pytest

from playtest.fleet import DemoFleet
from playtest.local_aws import LocalAws
from playtest.local_aws.iot_sql import UnknownSql, parse

CERTIFICATE = "4a" * 32
CONNECTED = "$aws/events/presence/connected/+"
FROM_CONNECTED = f"FROM '{CONNECTED}'"
TOPIC = "$aws/events/presence/connected/pump-01"
EVENT = {
    "clientId": "pump-01",
    "timestamp": 1795448713099,
    "principalIdentifier": CERTIFICATE,
    "about": {"side": "left"},
}


def select(columns: str, *rest: str) -> str:
    """A statement about connects."""
    return " ".join(["SELECT", columns, FROM_CONNECTED, *rest])


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        ("clientId AS id", {"id": "pump-01"}),
        (
            "concat('CLIENT#', clientId) AS pk, 'X' AS sk, 1 AS version",
            {"pk": "CLIENT#pump-01", "sk": "X", "version": 1},
        ),
        ("floor(timestamp / 1000) + 60 AS until", {"until": 1795448773}),
        ("nothing AS here, concat('a', nothing) AS there, nothing.inside AS inside, clientId.x AS x", {}),
        ("topic() AS all, topic(5) AS client, topic(6) AS none", {"all": TOPIC, "client": "pump-01"}),
        ("*, topic(2) AS second", {**EVENT, "second": "events"}),
        ("about.side AS side", {"side": "left"}),
    ],
)
def test_a_statement_makes_a_row_of_a_message(columns: str, row: dict[str, Any]) -> None:
    """Texts, numbers, names and functions; what is undefined is left out."""
    assert parse(select(columns)).evaluate(EVENT, TOPIC) == row


@pytest.mark.parametrize(
    ("principal", "wanted"), [(CERTIFICATE, True), ("AROA123:CognitoIdentity", False), (None, False)]
)
def test_a_message_that_is_not_wanted_makes_no_row(principal: str | None, wanted: bool) -> None:
    """Also where the condition cannot be told."""
    statement = parse(select("clientId AS id", "WHERE regexp_matches(principalIdentifier, '^[0-9a-f]{64}$')"))
    assert (statement.evaluate({**EVENT, "principalIdentifier": principal}, TOPIC) is not None) is wanted


@pytest.mark.parametrize(
    ("topic", "heard"),
    [
        ("$aws/events/presence/connected/pump-01", True),
        ("$aws/events/presence/disconnected/pump-01", False),
        ("$aws/events/presence/connected/a/b", False),
    ],
)
def test_a_statement_hears_its_topics(topic: str, heard: bool) -> None:
    """One level for a plus."""
    assert parse(select("clientId AS id")).listens_to(topic) is heard


@pytest.mark.parametrize(
    "sql",
    [
        select("*, "),
        select("topic(0) AS id"),
        select("topic('a') AS id"),
        select("clientId"),
        select("upper(clientId) AS id"),
        select("clientId AS id", "WHERE clientId <> 'a'"),
        select("floor(timestamp AS id"),
        "UPDATE x",
    ],
)
def test_what_is_not_known_here_is_an_error_and_no_guess(sql: str) -> None:
    """A rule that AWS would run otherwise must not look as if it worked."""
    with pytest.raises(UnknownSql):
        parse(sql)


def rows(aws: LocalAws, pk: str) -> list[dict[str, Any]]:
    """The rows of a partition of the incidents table."""
    found = aws.client("dynamodb").query(
        TableName=aws.stack.resource("IncidentsTable"),
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
    )
    return [{name: next(iter(value.values())) for name, value in item.items()} for item in found["Items"]]


def test_every_connect_with_a_certificate_is_recorded_under_both_keys() -> None:
    """Whose each client id was last, and which client ids a certificate had; a Cognito identity is not recorded."""
    with LocalAws(parameters={"RecordConnections": "yes"}) as aws:
        certificate = aws.fleet.certificate_id("labeller-01")
        (one,) = rows(aws, "CLIENT#line-1-labeller")
        (other,) = rows(aws, f"CONNECTION#{certificate}")
        assert (one["sk"], one["principal"]) == ("CONNECTION", certificate)
        assert (other["sk"], other["client_id"]) == ("CLIENT#line-1-labeller", "line-1-labeller")
        for row in (one, other):
            assert int(row["expires_at"]) == int(row["connected_at"]) // 1000 + 90 * 24 * 3600
        assert aws.fleet.broker.sessions.is_connected("tablet-01")
        assert rows(aws, "CLIENT#tablet-01") == []
        assert (aws.undelivered, rows(aws, "CLIENT#line-1-labeller")) == ([], [one])


def test_the_rules_can_write_no_other_row() -> None:
    """A rule that somebody bent to write an incident is refused by its own role; the device connects all the same."""
    with LocalAws(parameters={"RecordConnections": "yes"}, with_fleet=False) as aws:
        iot = aws.client("iot")
        for rule in iot.list_topic_rules()["rules"]:
            payload = iot.get_topic_rule(ruleName=rule["ruleName"])["rule"]
            payload = {name: payload[name] for name in ("sql", "actions", "awsIotSqlVersion")}
            bent = payload["sql"].replace("'CLIENT#'", "'INCIDENT#'").replace("'CONNECTION#'", "'LOCK#'")
            iot.replace_topic_rule(ruleName=rule["ruleName"], topicRulePayload={**payload, "sql": bent})
        fleet = DemoFleet(aws)
        assert fleet.broker.sessions.is_connected("pump-01")
        items = aws.client("dynamodb").scan(TableName=aws.stack.resource("IncidentsTable"))["Items"]
        assert [item["pk"]["S"] for item in items if item["pk"]["S"].startswith(("INCIDENT#", "LOCK#"))] == []
        assert len(aws.undelivered) >= 2
        assert all("AccessDenied" in told or "not authorized" in told for told in aws.undelivered)


def test_without_being_asked_nothing_is_recorded(local_aws: LocalAws) -> None:
    """An installation that does not say yes has no such rule, and its table no such row."""
    assert local_aws.client("iot").list_topic_rules()["rules"] == []
    assert rows(local_aws, "CLIENT#pump-01") == []
