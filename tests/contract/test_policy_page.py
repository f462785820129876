"""The page about the response policy says what the model, the file and the command say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from oncall.policy.file import policy_of, read_policy
from oncall.yaml_file.fault import BadFile
from tools.write_policy_page import PAGE, models, page

STARTER = Path(__file__).parents[2] / "response-policy.yaml"


def test_the_page_has_every_field_as_the_model_has_it() -> None:
    """Name, type, bounds, default and meaning; `python tools/write_policy_page.py` writes it anew."""
    text = PAGE.read_text()
    assert page(text) == text


def test_every_field_says_what_it_means() -> None:
    """A row for each field of each part, none of whose cells is empty."""
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", PAGE.read_text(), re.MULTILINE)
    assert [name for name, *_ in rows] == [name for model in models() for name in model.model_fields]


def test_the_mistakes_on_the_page_are_told_so() -> None:
    """The file on the page, checked, gives the lines on the page."""
    text = PAGE.read_text()
    ((file, told),) = re.findall(r"```yaml\n(.*?)```\n\nit says\n\n```\n(.*?)```", text, re.DOTALL)
    with pytest.raises(BadFile) as bad:
        policy_of(file.encode(), "response-policy.yaml")
    assert bad.value.lines == told.splitlines()


def test_the_page_tells_of_every_part_that_the_starter_says() -> None:
    """Whoever reads the file that is there to start with finds each of its fields on the page."""
    said = read_policy(str(STARTER)).model_fields_set
    text = PAGE.read_text()
    assert [name for name in said if f"| `{name}` |" not in text] == []
