"""What devices say on `$aws/things/<thing>/shadow/…/update`, and what AWS IoT answers.

AWS IoT developer guide, "Device Shadow MQTT topics". The shadow service itself is asked, as anybody asks it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from playtest.fleet import reserved_topics
from playtest.fleet.reserved_topics import Reply
from playtest.local_aws import calls, sessions

_UPDATE = re.compile(r"\$aws/things/(?P<thing>[^/]+)/shadow/(?:name/(?P<name>[^/]+)/)?update")


@cache
def install() -> None:
    """Let the broker of a fleet hand these topics over, once per process."""
    reserved_topics.serve(_UPDATE, _update)


def _update(_account: str, region: str, topic: str, said: Mapping[str, Any]) -> Reply:
    found = _UPDATE.fullmatch(topic)
    named = {name: value for name, value in (found.groupdict() if found else {}).items() if value is not None}
    asked = {"thingName": named["thing"], "payload": json.dumps(said).encode()}
    asked |= {"shadowName": named["name"]} if "name" in named else {}
    try:
        answer = calls.as_nobody(lambda: sessions.client("iot-data", region).update_thing_shadow(**asked))
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return Reply(f"{topic}/rejected", {"code": status, "message": error.response["Error"].get("Message", "")})
    return Reply(f"{topic}/accepted", json.loads(answer["payload"].read()))
