"""What a thing of a type is when it is well, as data: its firmware, policies, groups, shadow, certificate, attributes.

It comes as a file that people write or `cordon known-good capture` makes, and is kept as JSON, signed. `{thing}` stands
for the thing's name in the names of policies and groups and in the values of the shadow and of attributes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from cordon.model.base import Document, Word
from cordon.model.json_pointer import lies_in
from cordon.model.policy_calendar import Name, form
from cordon.model.response_policy import AttributeName

THING = "{thing}"
"""Stands for the thing's name."""
DEEPEST = 8
"""Levels of a shadow (AWS IoT Core quotas, "Device Shadow service")."""


def version_key(version: str) -> tuple[int, ...]:
    """Return what versions compare by: up to four numbers, `2.1` being as high as `2.1.0.0`."""
    numbers = [int(part) for part in version.split(".")]
    return (*numbers, *[0] * (4 - len(numbers)))


def with_thing(value: Any, thing_name: str) -> Any:
    """Return JSON in which the name stands instead of `{thing}`; keys of objects are left as they are."""
    return _with_texts(value, lambda text: text.replace(THING, thing_name))


def without_thing(value: Any, thing_name: str) -> Any:
    """Return JSON in which `{thing}` stands instead of the name, where the name stands by itself in a text."""
    alone = re.compile(rf"(?<![a-zA-Z0-9]){re.escape(thing_name)}(?![a-zA-Z0-9])")
    return _with_texts(value, lambda text: alone.sub(THING, text))


def _with_texts(value: Any, made: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return made(value)
    if isinstance(value, dict):
        return {name: _with_texts(inner, made) for name, inner in value.items()}
    return [_with_texts(inner, made) for inner in value] if isinstance(value, list) else value


def _shadow_value(value: JsonValue) -> JsonValue:
    if not _is_desirable(value, DEEPEST):
        # UpdateThingShadow takes null for "take it away", and so none is ever in a shadow.
        raise PydanticCustomError("shadow", "JSON of at most {most} levels, with finite numbers and no null", _LEVELS)
    return value


def _is_desirable(value: JsonValue, levels: int) -> bool:
    if value is None or levels < 0:
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(_is_desirable(inner, levels - 1) for inner in value.values())
    return not isinstance(value, list) or all(_is_desirable(inner, levels - 1) for inner in value)


def _refuse_within(field: str, pointer: str, outer: str) -> None:
    at = (field, pointer) if field == "desired" else (field,)
    expected = "no place within another that is named ({outer})"
    raise PydanticCustomError("pointers", expected, {"outer": outer or "the whole", "at": at})


_LEVELS = {"most": DEEPEST}
PackageName = Annotated[str, form(r"[a-zA-Z0-9_.-]{1,128}", "1 to 128 letters, digits, underscores, dots and hyphens")]
"""What the software package catalog lets a package be called (CreatePackage, `packageName`)."""
FirmwareVersion = Annotated[
    str, form(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}", "one to four numbers with dots between, as 2.1.0")
]
"""A version that can be compared: of any other nobody could say which is the older."""
Digest = Annotated[str, form(r"[0-9a-f]{64}", "64 hexadecimal digits, small ones")]
PolicyName = Annotated[
    str,
    form(r"(?a:[\w+=,.@-]|\{thing\}){1,128}", "1 to 128 letters, digits and any of _ + = , . @ - (or {thing})"),
]
"""What AWS IoT lets a policy be called (CreatePolicy, `policyName`)."""
GroupName = Annotated[
    str, form(r"([a-zA-Z0-9:_-]|\{thing\}){1,128}", "1 to 128 letters, digits, colons, _ and - (or {thing})")
]
AttributeValue = Annotated[
    str,
    form(r"([a-zA-Z0-9_.,@/:#=\[\]-]|\{thing\}){0,800}", "up to 800 letters, digits and any of _ . , @ / : # = [ ] -"),
]
"""What AWS IoT lets an attribute of a thing say (AttributePayload)."""
Pointer = Annotated[
    str, form(r"(?=(?s:.{0,256})$)(/([^~/]|~[01])*){0,8}", "a JSON pointer of up to 8 levels, such as /interval")
]
ShadowValue = Annotated[JsonValue, AfterValidator(_shadow_value)]
Issuer = Annotated[str, form(r"(?=.*\S).{1,512}", "a name as RFC 4514 writes it, such as CN=Plant CA,O=Plant")]


class KeyKind(StrEnum):
    """The kinds of key that a certificate may be for."""

    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    RSA_4096 = "rsa-4096"
    EC_P256 = "ec-p256"
    EC_P384 = "ec-p384"


class Firmware(Word):
    """What is installed: a version of a package of the software package catalog, and what its artefact's hash is."""

    package: PackageName
    """The package."""
    version: FirmwareVersion
    """The version, as the catalog calls it."""
    floor: FirmwareVersion | None = None
    """The lowest version that may ever be installed; null: `version`."""
    sha256: Digest
    """SHA-256 of the artefact."""

    @property
    def lowest(self) -> str:
        """The lowest version that may ever be installed."""
        return self.floor or self.version

    @model_validator(mode="after")
    def _is_above_its_floor(self) -> Self:
        if version_key(self.lowest) > version_key(self.version):
            raise PydanticCustomError(
                "floor", "{version} (the version) or lower", {"version": self.version, "at": ("floor",)}
            )
        return self


class ShadowRules(Word):
    """What is desired of the thing, in its classic shadow. What is neither named nor may differ is drift."""

    desired: dict[Pointer, ShadowValue] = Field(default_factory=dict, max_length=200)
    """What must be desired, by JSON pointer; an object stands for all of it."""
    may_differ: list[Pointer] = Field(default_factory=list, max_length=200)
    """What may be desired in any way, or not at all: these places with all that is in them, but for what is named."""

    @model_validator(mode="after")
    def _names_each_place_once(self) -> Self:
        places = [("desired", one, set(self.desired) - {one}) for one in self.desired]
        places += [("may_differ", one, set(self.desired)) for one in self.may_differ]
        for field, pointer, others in places:
            for outer in others:
                if lies_in(pointer, outer):
                    _refuse_within(field, pointer, outer)
        return self


class CertificateRules(Word):
    """What each certificate of the thing is like."""

    max_age_days: int | None = Field(default=None, ge=1, le=36_500)
    """How long ago it may have been issued; null: any time."""
    keys: list[KeyKind] = Field(default_factory=lambda: list(KeyKind), min_length=1)
    """The kinds of key that it may be for."""
    issuers: list[Issuer] | None = Field(default=None, min_length=1, max_length=20)
    """Who may have issued it, as RFC 4514 writes names; null: anybody."""
    exclusive: bool = False
    """Whether it must be attached to this thing alone (EXCLUSIVE_THING)."""


class KnownGood(Document):
    """All of it, for one thing type. `thing_type` and `policies` must be said."""

    schema_version: Literal[1] = 1
    """The version of this form."""
    thing_type: Name
    """The type of the things that it is about."""
    firmware: Firmware | None = None
    """What is installed; null: nothing is known of it."""
    policies: list[PolicyName] = Field(max_length=10)
    """The policies on each certificate, and no others."""
    groups: list[GroupName] = Field(default_factory=list, max_length=10)
    """The static groups that the thing must be in, or in a child group of; it may be in more."""
    shadow: ShadowRules = ShadowRules()
    """What is desired of it."""
    certificate: CertificateRules = CertificateRules()
    """What its certificates are like."""
    attributes: dict[AttributeName, AttributeValue] = Field(default_factory=dict, max_length=50)
    """Attributes that the thing must have with these values; it may have more."""

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        for field, names in (("policies", self.policies), ("groups", self.groups)):
            for place, name in enumerate(names):
                if name in names[:place]:
                    raise PydanticCustomError("twice", "every name once", {"at": (field, place)})
        return self

    def of(self, thing_name: str) -> KnownGood:
        """Return it for one thing of the type: no `{thing}` stands in it any more."""
        desired = with_thing(self.shadow.desired, thing_name)
        return self.model_copy(
            update={
                "policies": with_thing(self.policies, thing_name),
                "groups": with_thing(self.groups, thing_name),
                "shadow": self.shadow.model_copy(update={"desired": desired}),
                "attributes": with_thing(self.attributes, thing_name),
            }
        )
