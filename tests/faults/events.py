"""What is done to the app, one function an event, and what came of it."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

AT_ONCE = 2.0
"""Seconds within which people are told, in the long form."""
AFTERWARDS = 1.0
"""Seconds after a server's end in which the last of its processes must end, in the long form."""
UNHURT = 0.95
"""The share of their speed that everybody else keeps at least, in the long form."""


@dataclass
class Outcome:
    """What came of an event.

    Attributes:
        times: how often it was done.
        told: seconds until the page said it, each time.
        lost: what was lost, or should not be there: a sentence each.
        left: seconds until the last process was gone, each time.
        others: the share of their speed that everybody else kept, each time.
        note: what else is to be known.
    """

    times: int = 0
    told: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    note: str = ""

    def late(self, told_within: float) -> list[str]:
        """What took too long, or slowed others down."""
        late = []
        if self.told and max(self.told) > told_within:
            late.append(f"told after {max(self.told):.1f} s")
        if self.left and max(self.left) > AFTERWARDS:
            late.append(f"a process was left for {max(self.left):.1f} s")
        if self.others and min(self.others) < UNHURT:
            late.append(f"others kept {min(self.others):.0%} of their speed")
        return late


@dataclass(frozen=True)
class Event:
    """Something that is done to the app.

    Attributes:
        run: run(times, folder) does it, with an empty folder for its data.
        short: how often in the checks.
        long: how often in the long form.
        told_within: seconds within which people are told, in the long form.
    """

    name: str
    run: Callable[[int, Path], Outcome]
    short: int
    long: int
    told_within: float


EVENTS: dict[str, Event] = {}


def event(short: int, long: int, told_within: float = AT_ONCE) -> Callable[..., Callable[[int, Path], Outcome]]:
    """Enter a function among the events, see `Event`."""

    def enter(run: Callable[[int, Path], Outcome]) -> Callable[[int, Path], Outcome]:
        name = run.__name__
        EVENTS[name] = Event(name, run, short, long, told_within)
        return run

    return enter


def row(event: Event, outcome: Outcome, seconds: float) -> str:
    """The event's row in the table."""
    return (
        f"| {event.name.replace('_', ' ')} | {outcome.times} | {_seconds(outcome.told)} | {_seconds(outcome.left)} "
        f"| {f'{min(outcome.others):.0%}' if outcome.others else '-'} | {'no' if outcome.lost else 'yes'} "
        f"| {outcome.note} | {seconds:.0f} |\n"
    )


def _seconds(times: list[float]) -> str:
    """The median and the most of some times."""
    return f"{statistics.median(times):.2f} / {max(times):.2f}" if times else "-"
