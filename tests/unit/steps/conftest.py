"""The policy that denies sessions, for the steps that write it."""

from __future__ import annotations

import pytest

from ..conftest import Bed
from ..denials import Denials


@pytest.fixture
def denials(bed: Bed) -> Denials:
    """The policy as the template makes it, which denies nobody."""
    return Denials(bed)
