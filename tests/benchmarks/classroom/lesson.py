"""What the pupils of a class do, and what they waited for."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

from pages.index import page
from tests.benchmarks.classroom.server import Holding, handles, holding, processor_seconds
from tests.benchmarks.classroom.tab import TROUBLE, Browser, Tab
from tests.browser.app import App

PAGE = f"/classifier?{urlencode({**page('classifier').opening, 'num_steps': 50_000}, safe=',')}"
"""What a first visitor finds; only the steps are more, so that no run ends before the lesson does."""
SPEED = 30
"""Steps a second of every run."""
WATCHING = 8.0
"""Seconds for which frames are counted."""
BETWEEN = 10.0
"""Seconds in which each pupil does a thing once, at a moment of its own."""
PATIENCE = 20.0
"""Seconds after which a click without effect counts as lost."""
ENTERING = 160.0
"""Seconds that a pupil waits for the page and the first frames."""
SOON = 10.0
"""Seconds within which a newcomer should be in."""
RETURN = 90.0
"""Seconds in which handles and memory should return after all have left."""
RATES = ("0.05", "0.1", "0.2", "0.5")
"""Learning rates that a pupil tries, in turn."""
PLACES = ("", "cnn", "layers", "vgg", "devices", "rnn", "loading", "next")
"""Pages that pupils look at in between."""
ENTERED, SLID, PAUSED, CONTINUED = (
    "page, Play, two frames",
    "slider to its effect",
    "Pause to paused",
    "Continue to running",
)
REFUSED = "page, Play, the sentence that the server is full"
SWITCHED, CAME_BACK, REFRESHED = "page switch", "back to the run", "refresh to reattached"
"""What pupils wait for."""
FULL = "This server is full"
"""What one reads who is one too many."""


@dataclass
class Notes:
    """What a group of pupils waited for, and what was lost.

    Attributes:
        waits: seconds by what was waited for, those of lost clicks left out.
        lost: clicks without any effect, by what was waited for.
    """

    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lost: Counter[str] = field(default_factory=Counter)

    async def wait(self, what: str, tab: Tab, act: Awaitable[None], seen: Callable[[], bool], patience: float) -> bool:
        """Do something and note how long its effect took."""
        start = time.monotonic()
        try:
            await act
            await tab.until(seen, patience)
        except TROUBLE:
            self.lost[what] += 1
            return False
        self.waits[what].append(time.monotonic() - start)
        return True

    @property
    def clicks(self) -> int:
        """All that was waited for."""
        return sum(map(len, self.waits.values())) + self.lost.total()


class Pupil:
    """One of the class: a browser with one tab."""

    def __init__(self, url: str, number: int, patience: float = PATIENCE):
        self.browser = Browser(url)
        self.chance = random.Random(number)
        self.number = number
        self.patience = patience
        self.tab = Tab(self.browser)
        self.rate = 0

    async def enter(self, notes: Notes) -> bool:
        """Open the page, press Play, and see two frames."""
        start = time.monotonic()
        try:
            await self.tab.open(PAGE)
            await self.tab.until(lambda: self.tab.script_runs > 0, ENTERING)
            await self.tab.play(SPEED)
            await self.tab.until(lambda: self.tab.frames >= 2, ENTERING - (time.monotonic() - start))
        except TROUBLE:
            notes.lost[ENTERED] += 1
            return False
        notes.waits[ENTERED].append(time.monotonic() - start)
        return True

    @property
    def trains(self) -> bool:
        """Whether this pupil has a run before its eyes."""
        return self.tab.live is not None and self.tab.live.status in ("running", "paused")

    @property
    def refused(self) -> bool:
        """Whether it says on the page that the server is full."""
        return any(FULL in text for text in self.tab.texts)

    def _status(self) -> str:
        return self.tab.live.status if self.tab.live is not None else ""

    def _lr(self) -> float:
        return float(self.tab.live.state.get("lr", 0)) if self.tab.live is not None else 0

    async def slide(self, notes: Notes) -> None:
        """Move the slider of the learning rate until the run has taken it up."""
        value = RATES[self.rate % len(RATES)]
        self.rate += 1
        moving = self.tab.slide("classifier.lr", value)
        await notes.wait(SLID, self.tab, moving, lambda: self._lr() == float(value), self.patience)

    async def pause(self, notes: Notes) -> None:
        """Press Pause, and Continue a moment later."""
        pausing = self.tab.command("pause")
        if not await notes.wait(PAUSED, self.tab, pausing, lambda: self._status() == "paused", self.patience):
            return
        await asyncio.sleep(self.chance.uniform(0.2, 0.6))
        going_on = self.tab.command("play")
        await notes.wait(CONTINUED, self.tab, going_on, lambda: self._status() == "running", self.patience)

    async def look_around(self, notes: Notes) -> None:
        """Look at another page and come back to the run."""
        place = PLACES[(self.number + self.rate) % len(PLACES)]
        start = time.monotonic()
        try:
            await self.tab.switch(place, self.patience)
        except TROUBLE:
            notes.lost[SWITCHED] += 1
            return
        notes.waits[SWITCHED].append(time.monotonic() - start)
        await asyncio.sleep(self.chance.uniform(0.5, 1.5))
        frames = self.tab.frames
        back = self.tab.switch("classifier", self.patience)
        await notes.wait(CAME_BACK, self.tab, back, lambda: self.tab.frames > frames, self.patience)

    async def refresh(self, notes: Notes) -> None:
        """Refresh the tab until the run is on it again."""
        start = time.monotonic()
        try:
            self.tab = await self.tab.refresh()
            await self.tab.until(lambda: self.tab.frames > 0, self.patience)
        except TROUBLE:
            notes.lost[REFRESHED] += 1
        else:
            notes.waits[REFRESHED].append(time.monotonic() - start)

    async def leave(self) -> None:
        """Close the tab."""
        with suppress(*TROUBLE):
            await self.tab.close()
        await self.browser.close()


async def each(pupils: Iterable[Pupil], act: Callable[[Pupil], Awaitable[object]], within: float = BETWEEN) -> None:
    """Let every pupil do something once, each at a moment of its own."""

    async def later(pupil: Pupil) -> None:
        await asyncio.sleep(pupil.chance.uniform(0, within))
        await act(pupil)

    await asyncio.gather(*map(later, pupils))


async def watch(pupils: Sequence[Pupil], seconds: float = WATCHING) -> list[float]:
    """Frames a second that each pupil sees."""
    before = [pupil.tab.frames for pupil in pupils]
    start = time.monotonic()
    await asyncio.sleep(seconds)
    took = time.monotonic() - start
    return [(pupil.tab.frames - frames) / took for pupil, frames in zip(pupils, before, strict=True)]


@dataclass
class Report:
    """What a class saw.

    Attributes:
        rates: frames a second of each of the first pupils.
        first: what the first pupils waited for.
        newcomers: what those waited for who came when the first ones were at work.
        more: how many more connections there were.
        crowd: what those waited for, see `crowd`.
        server: the server's share of one core while frames were counted.
        clients: the same for the clients themselves.
        before, during, after: what the server held.
        returned: seconds until its handles were as few as before; None if they were not.
    """

    rates: list[float]
    first: Notes
    newcomers: Notes
    more: int
    crowd: Notes
    server: float
    clients: float
    before: Holding
    during: Holding
    after: Holding
    returned: float | None

    @property
    def lost(self) -> int:
        """Clicks without any effect."""
        return self.first.lost.total() + self.newcomers.lost.total()


async def crowd(url: str, numbers: range) -> tuple[list[Pupil], Notes]:
    """Connections beyond those that train: they open the page, press Play, and look at another page.

    Returns:
        The pupils, and what they waited for: `REFUSED` of those who read that the server is full, `ENTERED` of those
        who got a run, and `SWITCHED` of those who saw another page.
    """
    pupils = [Pupil(url, number, ENTERING) for number in numbers]
    notes = Notes()

    async def come(pupil: Pupil) -> None:
        start = time.monotonic()
        with suppress(*TROUBLE):
            await pupil.tab.open(PAGE)
            await pupil.tab.until(lambda: pupil.tab.script_runs > 0, ENTERING)
            await pupil.tab.play(SPEED)
            await pupil.tab.until(lambda: pupil.tab.frames >= 2 or pupil.refused, ENTERING)
            notes.waits[REFUSED if pupil.refused else ENTERED].append(time.monotonic() - start)
            start = time.monotonic()
            await pupil.tab.switch("layers", ENTERING)
            notes.waits[SWITCHED].append(time.monotonic() - start)

    await asyncio.gather(*map(come, pupils))
    return pupils, notes


async def warm_up(url: str) -> float:
    """A first visitor, who trains and leaves; returns the seconds to the second frame."""
    pupil, notes = Pupil(url, 0), Notes()
    await pupil.enter(notes)
    if pupil.tab.data:
        await pupil.tab.trigger("reset", {})
    await pupil.look_around(Notes())
    await pupil.leave()
    return notes.waits[ENTERED][0]


async def until_returned(app: App, wanted: int, patience: float = RETURN) -> float | None:
    """Seconds until the server holds no more handles than wanted; None if it still does."""
    start = time.monotonic()
    while handles(app) > wanted:
        if time.monotonic() - start > patience:
            return None
        await asyncio.sleep(0.5)
    return time.monotonic() - start


async def at_rest(app: App) -> Holding:
    """What the server holds when nothing of a visitor is left to be closed."""
    before, count = -1, handles(app)
    while app.workers() or count != before:
        await asyncio.sleep(1)
        before, count = count, handles(app)
    return holding(app)


async def lesson(app: App, first: int, newcomers: int = 0, more: int = 0) -> Report:
    """A class: the first ones train, others come while they are at work, and all leave.

    Args:
        app: a warm server that nobody is on.
        first: how many pupils start together; what they see is measured.
        newcomers: how many come, and train, when those are at work.
        more: how many connections there are beyond those.
    """
    before = await at_rest(app)
    early = [Pupil(app.url, number) for number in range(1, first + 1)]
    late = [Pupil(app.url, number) for number in range(first + 1, first + newcomers + 1)]
    notes, late_notes = Notes(), Notes()
    await asyncio.gather(*(pupil.enter(notes) for pupil in early))
    await asyncio.gather(*(pupil.enter(late_notes) for pupil in late))
    others, crowd_notes = await crowd(app.url, range(first + newcomers + 1, first + newcomers + more + 1))
    here = [pupil for pupil in early if pupil.trains]
    everyone = here + [pupil for pupil in late if pupil.trains]

    busy, own, start = processor_seconds(app.process.pid), time.process_time(), time.monotonic()
    rates = await watch(here)
    took = time.monotonic() - start
    server, clients = ((processor_seconds(app.process.pid) - busy) / took, (time.process_time() - own) / took)

    def own_notes(pupil: Pupil) -> Notes:
        return notes if pupil in here else late_notes

    await each(everyone, lambda pupil: pupil.slide(own_notes(pupil)))
    await each(everyone, lambda pupil: pupil.slide(own_notes(pupil)))
    await each(everyone, lambda pupil: pupil.pause(own_notes(pupil)))
    during = holding(app)
    await each(everyone, lambda pupil: pupil.look_around(own_notes(pupil)))
    await each(everyone, lambda pupil: pupil.refresh(own_notes(pupil)))
    await asyncio.gather(*(pupil.leave() for pupil in [*early, *late, *others]))
    returned = await until_returned(app, before.handles + 3)
    after = holding(app)
    return Report(rates, notes, late_notes, more, crowd_notes, server, clients, before, during, after, returned)
