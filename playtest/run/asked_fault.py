"""Faults of the local AWS, switched on by name: `NAME[:WHERE][=NUMBER]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from playtest.fleet import Behaviour
from playtest.local_aws import LocalAws
from playtest.run.bad_scenario import BadScenario

_FOR_EVER = 1_000_000
"""Calls: more than any run makes."""


class Where(Enum):
    """What a fault is switched on for; the value stands for it in the fault's form."""

    NOWHERE = ""
    THING = "THING"
    STATE = "STATE"
    FUNCTION = "FUNCTION"


@dataclass(frozen=True)
class Fault:
    """One kind of fault. `number` says what NUMBER counts; empty where the fault takes none."""

    name: str
    where: Where
    number: str
    default: int | None
    switch_on: Callable[[LocalAws, str, int], None]

    @property
    def form(self) -> str:
        """How it is written, such as `reconnects:THING=TIMES`."""
        where = f":{self.where.value}" if self.where is not Where.NOWHERE else ""
        number = f"={self.number}" if self.number else ""
        return f"{self.name}{where}{f'[{number}]' if number and self.default is not None else number}"


@dataclass(frozen=True)
class AskedFault:
    """A fault that was asked for: its kind, where, and how much."""

    fault: Fault
    where: str
    number: int

    def switch_on(self, aws: LocalAws) -> None:
        """Switch it on."""
        self.fault.switch_on(aws, self.where, self.number)


def _fail(service: str, *operations: str) -> Callable[[LocalAws, str, int], None]:
    def switch_on(aws: LocalAws, _where: str, times: int) -> None:
        for operation in operations:
            aws.faults.fail(service, operation, "InternalServerError", times=times)

    return switch_on


def _reconnects(aws: LocalAws, thing: str, times: int) -> None:
    aws.fleet.behave(thing, Behaviour.STUBBORN, comebacks=times)


_KINDS = (
    Fault(
        "certificate-stays-accepted",
        Where.THING,
        "",
        None,
        lambda aws, thing, _: aws.fleet.certificate_stays_accepted(thing),
    ),
    Fault(
        "certificate-bites-late",
        Where.THING,
        "SECONDS",
        None,
        lambda aws, thing, seconds: aws.fleet.certificate_bites_after(thing, seconds),
    ),
    Fault("reconnects", Where.THING, "TIMES", 2, _reconnects),
    Fault("ticket-system-down", Where.NOWHERE, "TIMES", _FOR_EVER, _fail("ssm", "CreateOpsItem", "UpdateOpsItem")),
    Fault("pager-down", Where.NOWHERE, "TIMES", _FOR_EVER, _fail("sns", "Publish")),
    Fault("abort-in", Where.STATE, "", None, lambda aws, state, _: aws.faults.abort_in(state)),
    Fault("time-out-in", Where.STATE, "", None, lambda aws, state, _: aws.faults.time_out_in(state)),
    Fault("stop-before", Where.FUNCTION, "CALL", None, lambda aws, name, call: aws.faults.stop_before(name, call)),
    Fault("stop-after", Where.FUNCTION, "CALL", None, lambda aws, name, call: aws.faults.stop_after(name, call)),
)
FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _KINDS}


def parse_fault(text: str, known: Mapping[Where, frozenset[str]]) -> AskedFault:
    """Return the fault that `--fault` names; `known` are the things, states and functions that there are.

    Raises:
        BadScenario: there is no such fault (the message lists those that there are), or its form is not right.
    """
    head, equals, number = text.partition("=")
    name, _, where = head.partition(":")
    fault = FAULTS.get(name)
    if fault is None:
        raise BadScenario("--fault", name, f"one of {', '.join(kind.form for kind in FAULTS.values())}")
    if bool(where) != (fault.where is not Where.NOWHERE):
        raise BadScenario("--fault", text, fault.form)
    if where and where not in known[fault.where]:
        raise BadScenario(f"--fault {name}", where, f"one of {', '.join(sorted(known[fault.where]))}")
    return AskedFault(fault, where, _number(fault, text, number if equals else None))


def _number(fault: Fault, text: str, number: str | None) -> int:
    if number is None and (fault.default is not None or not fault.number):
        return fault.default or 0
    if number is None or not fault.number or not number.isdecimal() or not 1 <= int(number) <= _FOR_EVER:
        raise BadScenario(
            "--fault", text, f"{fault.form}, a whole number from 1 to {_FOR_EVER}" if fault.number else fault.form
        )
    return int(number)
