from __future__ import annotations

import json

from cordon.incidents.evidence import Evidence
from cordon.response.manifest import keep_sightings

from ..conftest import BUCKET, Bed, an_alarm


def test_every_sighting_stands_in_the_chain_by_its_hash(bed: Bed) -> None:
    """One entry for all of them, written once for the same sightings, and anew when there are more."""
    first = bed.opened(id="a1")
    for alarm_id in ("a2", "a3"):
        raw = bed.evidence.keep_alarm("detect", alarm_id, alarm_id)
        bed.admission.admit(an_alarm(id=alarm_id, raw=raw))
        for _ in range(2):
            keep_sightings(bed.incidents.get(first.id), bed.incidents, bed.evidence)
    entries = bed.evidence.chain(first.id)
    assert len(entries) == 2
    body = bed.client("s3").get_object(Bucket=BUCKET, Key=entries[-1]["key"])["Body"].read()
    kept = json.loads(body)["sightings"]
    assert [one["alarm"] for one in kept] == ["a1", "a2", "a3"]
    again = Evidence(bed.client("s3"), BUCKET, bed.table).keep_alarm("detect", "a3", "a3")
    assert kept[-1]["raw"] == again.model_dump()


def test_the_alarm_that_opened_the_incident_needs_no_list(bed: Bed) -> None:
    """It stands in the chain itself, and an ordinary answer costs no call more."""
    keep_sightings(bed.opened(), bed.incidents, bed.evidence)
    assert bed.everything() != []
    assert bed.evidence.chain(bed.opened().id) == []
