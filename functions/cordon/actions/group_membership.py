"""Put a thing into a static group, or take it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordon.model.change import Change
from cordon.model.thing import ThingFacts
from cordon.things.facts import groups_of
from cordon.things.policies import allows_anything

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

MOST_GROUPS = 10
"""Groups that AWS IoT lets one thing be a direct member of."""


class GroupMembership:
    """Changes of `thing/<name>/group/<group>`: whether the thing is a direct member of the group."""

    name = "group_membership"

    def __init__(self, iot: IoTClient) -> None:
        """Act through `iot`."""
        self._iot = iot

    def plan_leave(self, thing: ThingFacts, *, but: str) -> list[Change]:
        """Return the changes that take the thing out of every group, other than `but`, whose policies allow anything.

        A group's policies, and those of its parents, bind a member whose client id is its thing name, whatever hangs
        on its certificate (AWS-FACTS 1.3). AWS refuses to take a thing out of a dynamic group: it is none of them.
        """
        allowing = [group for group in thing.groups if any(map(allows_anything, group.policies))]
        left = [group.name for group in allowing if group.query is None and group.name != but]
        return [self._change(thing.name, group, wanted=False) for group in left]

    def plan_join(self, thing: ThingFacts, group: str) -> list[Change]:
        """Return the change that puts the thing into `group`; none if it is there."""
        return [] if group in {found.name for found in thing.groups} else [self._change(thing.name, group, wanted=True)]

    def read(self, resource: str) -> bool:
        """Return whether the thing is a direct member of the group."""
        thing, group = _parts(resource)
        return group in {name for name, _ in groups_of(self._iot, thing)}

    def apply(self, change: Change) -> None:
        """Add or remove. AWS answers the same when it is so already."""
        thing, group = _parts(change.resource)
        if change.after:
            # Never evict the thing from a dynamic group to make room: that would be a change nobody planned.
            self._iot.add_thing_to_thing_group(thingName=thing, thingGroupName=group, overrideDynamicGroups=False)
        else:
            self._iot.remove_thing_from_thing_group(thingName=thing, thingGroupName=group)

    def by_hand(self, change: Change) -> list[str]:
        """Return the command that adds or removes."""
        thing, group = _parts(change.resource)
        verb = "add-thing-to-thing-group" if change.after else "remove-thing-from-thing-group"
        return ["aws", "iot", verb, "--thing-name", thing, "--thing-group-name", group]

    def _change(self, thing: str, group: str, *, wanted: bool) -> Change:
        resource = f"thing/{thing}/group/{group}"
        return Change(action=self.name, resource=resource, before=not wanted, after=wanted, hits=[thing])


def _parts(resource: str) -> tuple[str, str]:
    _, thing, _, group = resource.split("/", 3)
    return thing, group
