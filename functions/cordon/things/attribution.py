"""Which thing an alarm is about, where its detector names none: found by its clues, and never surer than they are."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from cordon.model.alarm import Alarm, Attribution, Certainty, Clue, ClueKind
from cordon.model.text import shortened
from cordon.model.thing import CERTIFICATE_ID
from cordon.things.role_aliases import RoleAliases

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

INSTANCE_ID = re.compile(r"i-(?:[0-9a-f]{8}|[0-9a-f]{17})")
INSTANCE_ATTRIBUTE = "ec2InstanceId"
"""The thing attribute that names the EC2 instance on which a gateway runs."""
MOST_COUNTED = 1000
"""Things that are counted; a certificate or instance of more is said to have at least so many."""
MOST_CANDIDATES = 10
_PAGE = 250
"""What ListPrincipalThings and ListThings return at most in one page."""

_LONGEST = 1000
"""Characters that are kept of what was tried."""

_STATED = Attribution(certainty=Certainty.STATED, how="The alarm names the thing itself.")
_NOT_ITS_DOING = "The finding does not say that it acted itself, so that anybody may have done this to it."
_SURENESS = (Certainty.UNKNOWN, Certainty.INFERRED, Certainty.PROVEN)


class Attributor:
    """Ties alarms to things by reading AWS IoT. What cannot be read is raised: a guess is never made of an outage."""

    def __init__(self, iot: IoTClient, role_aliases: RoleAliases, account: str) -> None:
        """Look up what is of `account` and of the Region of `iot`; anything else is not ours to read."""
        self._iot, self._role_aliases = iot, role_aliases
        self._here = (account, iot.meta.region_name)

    def attribute(self, alarm: Alarm) -> list[Alarm]:
        """Return the alarm with its attribution; one for each thing, `<id>/1`, `/2`, …, where it is about several.

        Raises:
            ClientError: AWS IoT or IAM could not be read; nothing is attributed, and the alarm must come again.
        """
        if alarm.thing_name is not None:
            return [_about(alarm, alarm.thing_name, alarm.attribution or _STATED)]
        if (alarm.account, alarm.region) != self._here:
            how = f"It is of account {alarm.account} and Region {alarm.region}, where nothing is looked up from here."
            return [_about(alarm, None, _unknown(how))]
        looked_up = [self._of(clue) for clue in alarm.clues]
        found = _surest(looked_up)
        nothing = [attribution for thing, attribution in looked_up if thing is None]
        if not found:
            return [_about(alarm, None, _summed_up(nothing))]
        several = len(found) > 1
        return [
            _about(alarm, thing, _beside(attribution, len(nothing)), number=number if several else None)
            for number, (thing, attribution) in enumerate(found.items(), start=1)
        ]

    def _of(self, clue: Clue) -> tuple[str | None, Attribution]:
        """Return the thing to which a clue leads, if it leads to exactly one, and how."""
        if clue.kind is ClueKind.EC2_INSTANCE:
            return self._of_instance(clue.value, acted=clue.acted)
        thing, attribution = self._of_certificate(clue.value, clue.role_id)
        return thing, attribution if clue.acted else _never_said_to_act(attribution)

    def _of_instance(self, instance: str, *, acted: bool) -> tuple[str | None, Attribution]:
        if not INSTANCE_ID.fullmatch(instance):
            return None, _unknown("The instance has no id that EC2 would give.")
        pages = self._iot.get_paginator("list_things").paginate(
            attributeName=INSTANCE_ATTRIBUTE, attributeValue=instance, PaginationConfig={"PageSize": _PAGE}
        )
        names = list(islice((thing["thingName"] for page in pages for thing in page["things"]), MOST_COUNTED))
        if len(names) != 1:
            return None, _ambiguous(f"registered with {INSTANCE_ATTRIBUTE} {instance}", names)
        # The attribute is no claim of the device's: only who may call UpdateThing in this account sets it.
        how = f"It is about the instance {instance}, which the registry gives as this thing's {INSTANCE_ATTRIBUTE}."
        attribution = Attribution(certainty=Certainty.PROVEN, how=how)
        return names[0], attribution if acted else _never_said_to_act(attribution)

    def _of_certificate(self, certificate_id: str, role_id: str | None) -> tuple[str | None, Attribution]:
        if not CERTIFICATE_ID.fullmatch(certificate_id):
            return None, _unknown("The session's name has not the form of a certificate id.")
        arn = self._certificate_arn(certificate_id)
        if arn is None:
            return None, _unknown(f"No certificate of this account is {_short(certificate_id)}.")
        pages = self._iot.get_paginator("list_principal_things").paginate(
            principal=arn, PaginationConfig={"PageSize": _PAGE}
        )
        names = list(islice((name for page in pages for name in page["things"]), MOST_COUNTED))
        if len(names) != 1:
            told = _ambiguous(f"on the certificate {_short(certificate_id)}", names)
            return None, told.model_copy(update={"certificate_id": certificate_id})
        return names[0], self._of_session(certificate_id, role_id)

    def _of_session(self, certificate_id: str, role_id: str | None) -> Attribution:
        """Say how sure it is that a session that is named after a certificate is that certificate's.

        The name of a session is of the choice of whoever assumes the role: only the credentials provider of AWS IoT
        always gives the id of the certificate that asked (AWS-FACTS 1.7).
        """
        named = f"A role session is named after this thing's certificate {_short(certificate_id)}"
        theirs = [facts for facts in self._role_aliases.all() if role_id is not None and facts.role_id == role_id]
        if theirs and all(facts.only_credentials_provider for facts in theirs):
            certainty, why = Certainty.PROVEN, "only the credentials provider of AWS IoT may assume its role"
        elif theirs:
            certainty, why = Certainty.INFERRED, "others than the credentials provider may assume its role too"
        else:
            certainty, why = Certainty.INFERRED, "its role is no role alias's, so that anybody may have named it so"
        how = f"{named}, and {why}."
        return Attribution(certainty=certainty, how=how, certificate_id=certificate_id)

    def _certificate_arn(self, certificate_id: str) -> str | None:
        try:
            described = self._iot.describe_certificate(certificateId=certificate_id)
        except self._iot.exceptions.ResourceNotFoundException:
            return None
        return described["certificateDescription"]["certificateArn"]


def _about(alarm: Alarm, thing: str | None, attribution: Attribution, *, number: int | None = None) -> Alarm:
    """Return the alarm as it is about that thing; the n-th of several has an id of its own."""
    alarm_id = alarm.id if number is None else f"{alarm.id}/{number}"
    return alarm.model_copy(update={"id": alarm_id, "thing_name": thing, "attribution": attribution})


def _surest(looked_up: list[tuple[str | None, Attribution]]) -> dict[str, Attribution]:
    """Return each thing that a clue led to, in that order, with the surest way in which one did."""
    found: dict[str, Attribution] = {}
    for thing, attribution in looked_up:
        if thing is not None and (thing not in found or _sureness(attribution) > _sureness(found[thing])):
            found[thing] = attribution
    return found


def _beside(attribution: Attribution, nothing: int) -> Attribution:
    """Return the attribution of a thing, with how many other clues there were that led to none."""
    if not nothing:
        return attribution
    return attribution.model_copy(update={"how": f"{attribution.how} Of its other clues, {nothing} led to no thing."})


def _never_said_to_act(attribution: Attribution) -> Attribution:
    """Return the attribution of what the finding does not show to have acted: anybody may have acted upon it."""
    how = f"{attribution.how} {_NOT_ITS_DOING}"
    certainty = min(attribution.certainty, Certainty.INFERRED, key=_SURENESS.index)
    return attribution.model_copy(update={"certainty": certainty, "how": how})


def _unknown(how: str) -> Attribution:
    return Attribution(certainty=Certainty.UNKNOWN, how=how)


def _ambiguous(where: str, names: list[str]) -> Attribution:
    """Return the attribution of what leads to no thing, or to more than one: which, a person must say."""
    if not names:
        return _unknown(f"No thing is {where}.")
    many = f"at least {MOST_COUNTED}" if len(names) == MOST_COUNTED else str(len(names))
    how = f"There are {many} things {where}, and nothing says which of them it is."
    return Attribution(certainty=Certainty.UNKNOWN, how=how, candidates=sorted(names)[:MOST_CANDIDATES])


def _summed_up(nothing: list[Attribution]) -> Attribution:
    """Return one attribution for several clues none of which led to a thing."""
    if not nothing:
        return _unknown("It carries nothing by which a thing could be looked up.")
    candidates = sorted({name for one in nothing for name in one.candidates})[:MOST_CANDIDATES]
    certificates = {one.certificate_id for one in nothing}
    how = shortened(" ".join(dict.fromkeys(one.how for one in nothing)), _LONGEST)
    only = certificates.pop() if len(certificates) == 1 else None
    return Attribution(certainty=Certainty.UNKNOWN, how=how, candidates=candidates, certificate_id=only)


def _sureness(attribution: Attribution) -> int:
    return _SURENESS.index(attribution.certainty)


def _short(certificate_id: str) -> str:
    """Return the first digits of a certificate id, as people know it in the console."""
    return f"{certificate_id[:12]}…"
