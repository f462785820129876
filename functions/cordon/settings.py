"""What the template tells a function through its environment, read once and checked."""

from __future__ import annotations

import os
from functools import cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cordon.errors import SettingsUnreadable

_PREFIX = "CORDON_"


class Settings(BaseModel):
    """The environment variables `CORDON_…` of a function, as template.yaml's Globals set them."""

    model_config = ConfigDict(frozen=True)

    table: str
    evidence_bucket: str
    bus: str
    page_topic_arn: str
    rejected_queue_url: str
    quarantine_group: str
    policy_bucket: str
    known_good_key_arn: str
    sts_policy_arn: str
    account_id: Annotated[str, Field(pattern=r"^\d{12}$")]
    stage: str


@cache
def current() -> Settings:
    """Return this function's settings.

    Raises:
        SettingsUnreadable: a variable is missing or makes no sense; names it. Nothing may be done without settings.
    """
    found = {
        name.removeprefix(_PREFIX).lower(): value for name, value in os.environ.items() if name.startswith(_PREFIX)
    }
    try:
        return Settings.model_validate(found)
    except ValidationError as error:
        wrong = ", ".join(f"{_PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise SettingsUnreadable(wrong) from error


def reset() -> None:
    """Forget what was read, so that the next `current()` reads the environment again (the playtest deploys anew)."""
    current.cache_clear()
