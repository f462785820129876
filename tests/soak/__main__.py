"""Ten thousand alarms at once: two hundred things, fifty each. Run it by `make soak`; nothing may be lost.

With `--twice` every handler runs twice, and only its second answer is heard.

Prints what became of them and what they would have cost, and exits with 1 when an alarm, an incident or a promise of
the response policy was lost on the way.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aws_xray_sdk.core  # noqa: F401 - it opens a socket when it is imported, which the local AWS would not let it
from cordon.incidents import rows

from playtest.cost import cost_of
from playtest.local_aws import LocalAws
from playtest.run.demo_policy import demo_policy
from playtest.run.queues import dead_letters, rejections
from playtest.run.usage import usage_of
from tests.e2e.answers import pages
from tests.e2e.storms import A_DAY, Aftermath, outbreak_from, raise_storm, untouched

SAMPLE = Path(__file__).parents[2] / "events" / "device-defender-detect.in-alarm.source-address-contained.json"
BUDGET = 10
PATIENCE = 3600
"""Seconds of real time until a soak that does not end is given up."""


def alarm(thing: str, **fields: str) -> str:
    """Return the sample alarm, about another thing."""
    return json.dumps({**json.loads(SAMPLE.read_text()), "thingName": thing, **fields})


def found_wrong(aws: LocalAws, after: Aftermath, names: list[str], repeats: int) -> Iterator[str]:
    """Yield what was lost, each as a sentence."""
    expected = {
        "incidents": (len(after.incidents), len(names)),
        "alarms counted": (after.sightings(), len(names) * repeats),
        "alarms kept": (_kept(aws), len(names) * repeats),
        "outbreaks": (len(after.outbreaks), 1),
        "incidents attached": (after.attached(), len(names)),
        "things contained by themselves": (len(after.contained()), BUDGET),
        "incidents before people": (after.before_people().total(), len(names) - BUDGET),
        "dead letters": (len(dead_letters(aws)), 0),
        "rejected alarms": (len(rejections(aws)), 0),
        "undelivered events": (len(aws.undelivered), 0),
    }
    for what, (found, wanted) in expected.items():
        if found != wanted:
            yield f"{what}: {found}, and it should be {wanted}"
    if not untouched(aws, names, after.contained()):
        yield "a thing was changed that was not contained, or the other way"


def _kept(aws: LocalAws) -> int:
    found = aws.client("s3").get_paginator("list_objects_v2")
    bucket = aws.stack.resource("EvidenceBucket")
    return sum(len(page.get("Contents", ())) for page in found.paginate(Bucket=bucket, Prefix="alarms/"))


def summary(aws: LocalAws, after: Aftermath, alarms: int, seconds: float) -> Iterator[str]:
    """Yield the lines that tell how it went."""
    cost = cost_of(usage_of(aws, alarms))
    tickets = sum(len(after.record.of_incident(one.id, rows.TICKET)) for one in [*after.incidents, *after.outbreaks])
    told = {
        "alarms": alarms,
        "incidents": len(after.incidents),
        "outbreaks": len(after.outbreaks),
        "attached": after.attached(),
        "contained": len(after.contained()),
        **{f"left to people ({decision})": count for decision, count in sorted(after.before_people().items(), key=str)},
        "pages": len(pages(aws)),
        "tickets": tickets,
        "seconds": round(seconds),
        "virtual minutes": round(aws.clock.waited / 60),
        "cost": f"${cost.dollars:.2f}, ${cost.dollars / alarms:.6f} an alarm",
    }
    yield from (f"{name:28}{value}" for name, value in told.items())
    yield from (f"  {one.service:14}{one.count:>14,.0f} {one.unit:18}${one.dollars:.4f}" for one in cost.services)


def main() -> int:
    """Raise the storm, wait for its end, and tell; return 1 when anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--things", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--twice", action="store_true")
    asked = parser.parse_args()
    policy = demo_policy(things=BUDGET, window_minutes=A_DAY, outbreaks=outbreak_from(BUDGET * 2))
    with LocalAws(policy=policy) as aws:
        aws.faults.every_answer_is_lost_once = asked.twice
        began = time.monotonic()
        names = raise_storm(aws, alarm, asked.things, asked.repeats)
        aws.settle(PATIENCE)
        seconds = time.monotonic() - began
        aws.clock.advance(600)
        aws.invoke("SweepFunction", {})
        after = Aftermath.of(aws)
        wrong = list(found_wrong(aws, after, names, asked.repeats))
        lines = [*summary(aws, after, asked.things * asked.repeats, seconds), *(f"LOST  {one}" for one in wrong)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
