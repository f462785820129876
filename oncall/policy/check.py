"""`cordon policy check`: every mistake of a response policy with its line, and nothing asked of anybody."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import typer
from cordon import clock
from cordon.model.response_policy import ResponsePolicy

from oncall.options import AsJson
from oncall.policy.checked import File, policy_in
from oncall.terminal import say, say_json


def check(file: File, as_json: AsJson = False) -> None:
    """Check a response policy on this machine: every mistake with its line, what is there and what should be.

    Notes tell what is no mistake, and may not mean what it looks like.

    Exit status: 0 it is one, 2 it is none.
    """
    if as_json:
        raise typer.Exit(_in_json(file))
    policy = policy_in(file)
    say([f"{file}: a response policy, {policy.hash[:12]}"])
    say(f"  note: {remark}" for remark in _remarks(policy))


def _in_json(file: str) -> int:
    from oncall.policy.file import read_policy  # noqa: PLC0415 - see cordon plan
    from oncall.yaml_file.fault import BadFile  # noqa: PLC0415 - see cordon plan

    said: dict[str, Any] = {"file": file, "hash": None, "faults": [], "remarks": []}
    try:
        policy = read_policy(file)
    except BadFile as bad:
        said["faults"] = [
            asdict(fault.place) | {"field": fault.field or None, "found": fault.found, "expected": fault.expected}
            for fault in bad.faults
        ]
        say_json(said)
        return bad.status
    say_json(said | {"hash": policy.hash, "remarks": _remarks(policy)})
    return 0


def _remarks(policy: ResponsePolicy) -> list[str]:
    from oncall.policy.remarks import remarks  # noqa: PLC0415 - see cordon plan

    return remarks(policy, clock.now())
