"""Read the response policy that people write."""

from __future__ import annotations

from cordon.model.response_policy import ResponsePolicy

from oncall.yaml_file.reading import Form, held_by, read_file

POLICY = Form(ResponsePolicy, "a response policy")


def read_policy(file: str) -> ResponsePolicy:
    """Return the response policy that the file holds.

    Raises:
        BadFile: it holds none; has every mistake with its line.
        BadUsage: it cannot be read.
    """
    return read_file(POLICY, file)


def policy_of(content: bytes, name: str) -> ResponsePolicy:
    """Return the response policy that these bytes of a file of this name hold.

    Raises:
        BadFile: they hold none; has every mistake with its line.
    """
    return held_by(POLICY, content, name)
