"""The policy that denies sessions, for the tests of its action."""

from __future__ import annotations

import pytest

from ..conftest import Bed
from ..denials import Denials


@pytest.fixture
def denials(bed: Bed) -> Denials:
    """The policy as the template makes it, which denies nobody."""
    return Denials(bed)
