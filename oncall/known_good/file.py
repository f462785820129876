"""The form of the files that hold a known-good."""

from __future__ import annotations

from cordon.model.known_good import KnownGood

from oncall.yaml_file.reading import Form

KNOWN_GOOD = Form(KnownGood, "a known-good")
