"""Tell apart who said no: the desk itself, the gate that AWS keeps before it, or something that is no desk."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from oncall.aws_trouble import EXPIRED
from oncall.errors import CommandError, DeskRefused, DeskUnreached, Failed

_PASSING = frozenset(
    {HTTPStatus.TOO_MANY_REQUESTS, *(status for status in HTTPStatus if status >= HTTPStatus.INTERNAL_SERVER_ERROR)}
)
_NO_PERMISSION = (
    "you may not use this desk: your role needs lambda:InvokeFunctionUrl and lambda:InvokeFunction on its function "
    "(docs/oncall.md)"
)


def refusal(status: int, headers: Mapping[str, str], said: dict[str, Any] | None, region: str) -> CommandError:
    """Return the error for an answer that is none; `region` is the one that was signed for."""
    is_json, said = said is not None, said or {}
    code, message = said.get("error"), said.get("message")
    if status in _PASSING:
        return DeskUnreached(f"the desk could not answer (HTTP {status}): try again in a moment")
    if isinstance(code, str) and isinstance(message, str):
        field = said.get("field")
        return DeskRefused(status, code, message, field if isinstance(field, str) else None)
    if status in {HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED} and is_json:
        return Failed(_at_the_gate(str(said.get("Message") or message or ""), headers, region))
    return not_a_desk(status)


def _at_the_gate(message: str, headers: Mapping[str, str], region: str) -> str:
    """Return what AWS's own check of the signature found, in words for whoever signed."""
    kind = next((value for name, value in headers.items() if name.lower() == "x-amzn-errortype"), "")
    reason = f"{kind} {message}".lower()
    if "token" in reason and "expired" in reason:
        return EXPIRED
    if "valid region" in reason:
        return f"the desk is not in the Region {region}: name its own with --region"
    if "signature expired" in reason or "not yet current" in reason:
        return "AWS refused the signature for its time: set this machine's clock"
    if "signature" in reason or "security token" in reason or "unrecognizedclient" in reason:
        return f"AWS does not take your credentials: {message}"
    return _NO_PERMISSION


def not_a_desk(status: int) -> Failed:
    """Return the error for an answer that no desk gives."""
    return Failed(f"what answered there is not a desk of Cordon (HTTP {status}): check --desk")
