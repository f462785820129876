"""The states of the playbooks, as their ASL defines them."""

from __future__ import annotations

from typing import Any

import yaml

from playtest.local_aws.cloud import TEMPLATE


def playbook_states() -> dict[str, dict[str, Any]]:
    """Return the definition of each state of all playbooks by its name; one that two have is the later one's."""
    files = sorted((TEMPLATE.parent / "playbooks").glob("*.asl.yaml"))
    return {name: state for file in files for name, state in yaml.safe_load(file.read_text())["States"].items()}
