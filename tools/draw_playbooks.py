"""Draw each playbook as a picture, from its ASL: docs/playbooks/<name>.svg.

The way that an execution should take stands in the middle, from top to bottom; what leads to a person stands on the
right, and what leaves the way otherwise (a loop's wait, an early end) on the left. Catches to one state are gathered
into one dashed line, since nearly every state has them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PLAYBOOKS = ROOT / "playbooks"
PICTURES = ROOT / "docs" / "playbooks"

State = dict[str, Any]  # ASL is nested dicts that no narrower type describes
WIDTH, HEIGHT, PITCH = 200, 30, 54  # pixels: a box, and from one row to the next
LEFT, MIDDLE, RIGHT = 20, 320, 640  # where the columns begin
FAILURES = 610  # the line that gathers the catches: beyond the label of a way to the right
PAST = 16  # from a column to the line past its states: nearer than the end of a label on the way to the left
LOOP_COLOUR, TROUBLE_COLOUR, LINE_COLOUR = "#1f6feb", "#c62828", "#57606a"
FILL = {"Task": "#eef4ff", "Choice": "#fff4d6", "Wait": "#e3f0ff", "Pass": "#f3f4f6", "Succeed": "#dcf5e3"}
TROUBLE_FILL = "#fde8e8"


@dataclass(frozen=True)
class Way:
    """One way from a state to another: `label` says when a choice takes it, `caught` that it is a Catch."""

    start: str
    end: str
    label: str = ""
    caught: bool = False


@dataclass(frozen=True)
class Place:
    """Where a state stands: the left edge of its column and its row, in pixels."""

    x: int
    y: int

    @property
    def middle(self) -> int:
        """The height of the box's middle."""
        return self.y + HEIGHT // 2


def ways(states: Mapping[str, State]) -> list[Way]:
    """Return every way of the machine. A Catch that leads where Next leads is no way of its own."""
    found: list[Way] = []
    for name, state in states.items():
        found += [Way(name, rule["Next"], _label(rule)) for rule in state.get("Choices", [])]
        found += [Way(name, state["Default"], "otherwise")] if "Default" in state else []
        found += [Way(name, state["Next"])] if "Next" in state else []
        caught = dict.fromkeys(rule["Next"] for rule in state.get("Catch", []))
        found += [Way(name, end, caught=True) for end in caught if end != state.get("Next")]
    return found


def _label(rule: State) -> str:
    """Return the values that a rule of a Choice waits for: `observed or contained`."""
    return " or ".join(str(one["StringEquals"]) for one in rule.get("Or", [rule]))


def spine(states: Mapping[str, State], start: str) -> list[str]:
    """Return the longest way from `start` to a good end: the one that an execution should take."""
    good = good_states(states)

    def longest(name: str, seen: tuple[str, ...]) -> list[str]:
        nexts = [way.end for way in ways(states) if way.start == name and not way.caught]
        rests = [longest(end, (*seen, name)) for end in nexts if end in good and end not in (*seen, name)]
        finished = [rest for rest in rests if rest and states[rest[-1]]["Type"] == "Succeed"]
        return [name, *max(finished, key=len, default=[])]

    return longest(start, ())


def good_states(states: Mapping[str, State]) -> set[str]:
    """Return the states from which a Succeed can be reached without a failure on the way."""
    good = {name for name, state in states.items() if state["Type"] == "Succeed"}
    while more := {way.start for way in ways(states) if way.end in good and not way.caught} - good:
        good |= more
    return good


def places(states: Mapping[str, State], start: str) -> dict[str, Place]:
    """Return where each state stands: on the spine, left of it, or on the right where a person is needed."""
    way_through = spine(states, start)
    row = {name: number for number, name in enumerate(way_through)}
    column = dict.fromkeys(way_through, MIDDLE)
    good = good_states(states)
    for name in states:
        if name not in row:
            column[name] = LEFT if name in good else RIGHT
            row[name] = _row_beside(name, ways(states), row, column)
    return {name: Place(column[name], 20 + row[name] * PITCH) for name in states}


def _row_beside(name: str, all_ways: list[Way], row: Mapping[str, int], column: Mapping[str, int]) -> int:
    """Return the row of a state off the spine: beside the one that it follows, or below it in its own column.

    What only catches it counts where nothing else leads to it.
    """
    leading = [way for way in all_ways if way.end == name and way.start in row]
    before = [way.start for way in leading if not way.caught] or [way.start for way in leading]
    above = [row[one] + 1 for one in before if column[one] == column[name]]
    return max(above) if above else max(row[one] for one in before)


def drawing(playbook: State) -> str:
    """Return the picture of a playbook as a self-contained SVG, the same text for the same ASL."""
    states: dict[str, State] = playbook["States"]
    return "\n".join(Picture(states, places(states, playbook["StartAt"])).lines()) + "\n"


@dataclass(frozen=True)
class Picture:
    """The picture of one machine: its states, and where each of them stands."""

    states: Mapping[str, State]
    where: Mapping[str, Place]

    def lines(self) -> Iterator[str]:
        """Yield the lines of the SVG."""
        height = max(place.y for place in self.where.values()) + HEIGHT + 50
        width = RIGHT + WIDTH + 20
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            'font-family="Helvetica, Arial, sans-serif" font-size="13">'
        )
        yield from map(_arrowhead, (LINE_COLOUR, LOOP_COLOUR, TROUBLE_COLOUR))
        yield f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>'
        yield from self._failures()
        for way in ways(self.states):
            yield from self._way(way)
        yield from map(self._box, self.states)
        yield _text(MIDDLE, height - 18, "dashed: a failure, when its retries are used up", TROUBLE_COLOUR)
        if any(state["Type"] == "Wait" for state in self.states.values()):
            yield _text(LEFT, height - 18, "blue: the loop", LOOP_COLOUR)
        yield "</svg>"

    def _failures(self) -> Iterator[str]:
        """Yield a dashed line to each state on the right that catches lead to, with a branch from each that catches."""
        caught = [way for way in ways(self.states) if way.caught and self.where[way.end].x == RIGHT]
        for name in dict.fromkeys(way.end for way in caught):
            end, starts = self.where[name], [self.where[way.start] for way in caught if way.end == name]
            heights = sorted(place.middle + 6 for place in [*starts, end])
            for start in starts:
                edge = start.x if start.x == RIGHT else start.x + WIDTH
                yield _line(f"M{edge} {start.middle + 6}H{FAILURES}", TROUBLE_COLOUR, dashed=True, arrow=False)
            yield _line(f"M{FAILURES} {heights[0]}V{heights[-1]}", TROUBLE_COLOUR, dashed=True, arrow=False)
            yield _line(f"M{FAILURES} {end.middle + 6}H{RIGHT - 1}", TROUBLE_COLOUR, dashed=True)

    def _way(self, way: Way) -> Iterator[str]:
        start, end = self.where[way.start], self.where[way.end]
        if end.x == RIGHT and way.caught:
            return  # drawn with the other failures
        colour = TROUBLE_COLOUR if end.x == RIGHT else self._colour(way)
        if start.x == end.x and end.y == start.y + PITCH:
            yield from _down(start, way.label, colour)
        elif start.x == end.x:
            yield from _past(start, end, way.label, colour)
        elif end.x == RIGHT:
            yield _line(f"M{start.x + WIDTH} {start.middle - 6}H{RIGHT - 1}", colour)
            yield _text(start.x + WIDTH + 6, start.middle - 11, way.label, colour)
        elif end.x == LEFT:
            yield _line(f"M{start.x} {start.middle}H{LEFT + WIDTH + 1}", colour, dashed=way.caught)
            yield _text(LEFT + WIDTH + 6, start.middle - 6, "caught" if way.caught else way.label, colour)
        else:
            yield _line(f"M{start.x + WIDTH // 2} {start.y}V{end.middle}H{end.x - 1}", colour)

    def _colour(self, way: Way) -> str:
        """Return the colour of a way: a Wait's ways, to it and from it, are the loop."""
        waits = "Wait" in {self.states[way.start]["Type"], self.states[way.end]["Type"]}
        return LOOP_COLOUR if waits else LINE_COLOUR

    def _box(self, name: str) -> str:
        place, kind = self.where[name], self.states[name]["Type"]
        trouble = place.x == RIGHT
        radius = HEIGHT // 2 if kind in {"Succeed", "Fail"} else 4
        box = (
            f'<rect x="{place.x}" y="{place.y}" width="{WIDTH}" height="{HEIGHT}" rx="{radius}" '
            f'fill="{TROUBLE_FILL if trouble else FILL[kind]}" stroke="{TROUBLE_COLOUR if trouble else LINE_COLOUR}"/>'
        )
        return box + _text(place.x + WIDTH // 2, place.middle + 4, name, "#1f2328", anchor="middle")


def _down(start: Place, label: str, colour: str) -> Iterator[str]:
    """Yield the way to the state right below."""
    centre = start.x + WIDTH // 2
    yield _line(f"M{centre} {start.y + HEIGHT}V{start.y + PITCH - 1}", colour)
    yield _text(centre + 8, start.y + HEIGHT + 16, label, colour)


def _past(start: Place, end: Place, label: str, colour: str) -> Iterator[str]:
    """Yield the way past the states between two of one column."""
    lane = start.x - PAST
    yield _line(f"M{start.x} {start.middle}H{lane}V{end.middle}H{end.x - 1}", colour)
    yield _text(lane - 4, start.middle + 16, label, colour, anchor="end")


def _arrowhead(colour: str) -> str:
    return (
        f'<marker id="to{colour[1:]}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
    )


def _line(path: str, colour: str, *, dashed: bool = False, arrow: bool = True) -> str:
    dashes = ' stroke-dasharray="5 4"' if dashed else ""
    head = f' marker-end="url(#to{colour[1:]})"' if arrow else ""
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.4"{dashes}{head}/>'


def _text(x: int, y: int, text: str, colour: str, *, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}" text-anchor="{anchor}">{escape(text)}</text>' if text else ""


def drawings() -> dict[Path, str]:
    """Return every picture that there should be, by the file that it belongs in."""
    files = sorted(PLAYBOOKS.glob("*.asl.yaml"))
    return {
        PICTURES / file.name.replace(".asl.yaml", ".svg"): drawing(yaml.safe_load(file.read_text())) for file in files
    }


def main() -> int:
    """Write every picture, or with --check only say which are not as the ASL has it; return 1 if any is not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a picture is out of date")
    check = parser.parse_args().check
    stale = {file: text for file, text in drawings().items() if not file.exists() or file.read_text() != text}
    for file, text in stale.items():
        print(f"{file.relative_to(ROOT)} {'is out of date' if check else 'drawn'}")
        if not check:
            file.write_text(text)
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
