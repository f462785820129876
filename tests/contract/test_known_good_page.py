"""The page about what is known to be good says what the model, the code and the command say."""

from __future__ import annotations

import re

from cordon.model.known_good import KnownGood

from oncall.known_good.file import KNOWN_GOOD as FORM
from oncall.yaml_file.reading import held_by
from tools.write_policy_page import KNOWN_GOOD, models, page


def test_the_page_has_every_field_as_the_model_has_it() -> None:
    """Name, type, bounds, default and meaning; `python tools/write_policy_page.py` writes it anew."""
    text = KNOWN_GOOD.read_text()
    assert page(text, KnownGood) == text


def test_every_field_says_what_it_means() -> None:
    """A row for each field of each part, none of whose cells is empty."""
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", KNOWN_GOOD.read_text(), re.MULTILINE)
    names = [name for model in models(KnownGood) for name in model.model_fields]
    assert [name for name, *_ in rows][-len(names) :] == names


def test_the_example_on_the_page_is_one() -> None:
    """Whoever copies it and puts in his own names has a file that is read."""
    (file,) = re.findall(r"```yaml\n(.*?)```", KNOWN_GOOD.read_text(), re.DOTALL)
    definition = held_by(FORM, file.encode(), "pump.yaml")
    assert definition.thing_type == "pump"
    assert definition.of("pump-01").shadow.desired["/uplink/topic"] == "dt/pump-01/telemetry"
