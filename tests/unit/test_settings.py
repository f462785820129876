from __future__ import annotations

from collections.abc import Iterator

import pytest
from cordon import settings
from cordon.errors import SettingsUnreadable

GOOD = {
    "TABLE": "t",
    "EVIDENCE_BUCKET": "b",
    "BUS": "cordon",
    "PAGE_TOPIC_ARN": "arn",
    "REJECTED_QUEUE_URL": "https://queue",
    "QUARANTINE_GROUP": "cordon-quarantine",
    "POLICY_BUCKET": "p",
    "KNOWN_GOOD_KEY_ARN": "arn",
    "STS_POLICY_ARN": "arn",
    "ACCOUNT_ID": "123456789012",
    "STAGE": "dev",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A function's whole environment."""
    for name, value in GOOD.items():
        monkeypatch.setenv(f"CORDON_{name}", value)
    settings.reset()
    yield
    settings.reset()


def test_the_environment_is_read_once() -> None:
    """The settings are the same object each time."""
    found = settings.current()
    assert (found.table, found.policy_bucket, found.account_id) == ("t", "p", "123456789012")
    assert settings.current() is found


@pytest.mark.parametrize("name", GOOD)
def test_a_variable_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """No setting has a default in the code: the template says them all."""
    monkeypatch.delenv(f"CORDON_{name}")
    with pytest.raises(SettingsUnreadable, match=f"^CORDON_{name}: Field required$"):
        settings.current()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACCOUNT_ID", "12345"),
        ("ACCOUNT_ID", "123456789012\n"),
    ],
)
def test_a_variable_that_makes_no_sense_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Nothing may be done by settings that nobody meant."""
    monkeypatch.setenv(f"CORDON_{name}", value)
    with pytest.raises(SettingsUnreadable, match=f"^CORDON_{name}: "):
        settings.current()
