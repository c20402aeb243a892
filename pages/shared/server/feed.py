"""What one page is told of a run and what it says of itself, whatever way both go over the network."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from core.engine.events import tally
from core.engine.manager import manager
from core.engine.outbox import PACKING
from core.engine.run import Run
from core.experiments import experiment
from core.foreign import read_json
from pages.shared.server.requests import LONGEST_BODY
from pages.shared.server.viewer import Viewer

TOLD = {"drawn", "visible", "shows"}
"""What a page says of itself."""
COMMANDS = {"play", "pause", "step", "epoch", "speed", "focus", "change"}
MOST_POINTS = 1500
"""About how many values of a metric a page is sent at once, as its plot is wide. It asks for more when one zooms in."""
MOST_NEW = 100
"""The same for what is new, up to ten times a second, of a run that has come further than `SHORT`."""
SHORT = 5000
"""Steps of all lanes up to which all that is new is sent."""
WORTH_PACKING = 1000
"""Bytes from which on a message is compressed."""
CANT_OBEY = (ValueError, AttributeError, KeyError)
"""What `Feed.obey` raises where it is told what no page of ours says."""


class Feed:
    """A run as one page follows it: all so far at once, then what is new; of frames only the newest.

    It belongs to the event loop in which it was made.

    Args:
        packed: whether the page reads what is compressed.
    """

    def __init__(self, run: Run, packed: bool):
        self.run = run
        self.viewer = Viewer(packed)
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._messages = self._all()
        self._patience: float | None = None

    @contextmanager
    def open(self) -> Iterator[Feed]:
        """While inside, the run makes pictures for the page, and its owner is there."""
        self.run.watch(self._hear)
        try:
            with manager().presence.attended(self.run.owner):
                yield self
        finally:
            self.run.unwatch(self._hear)

    def _hear(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    def new(self) -> Iterator[str | bytes]:
        """What the page is to be told now, each message made when it is asked for."""
        for message in self._messages:
            if message is None:
                return
            yield message

    async def wait(self, seconds: float | None = None) -> None:
        """Wait until something may be new.

        Args:
            seconds: how long at most.
        """
        known = [limit for limit in (seconds, self._patience) if limit is not None]
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), min(known, default=None))
        self._news.clear()

    def obey(self, text: str) -> None:
        """Take in what the page says of itself, or pass its command to the run.

        Raises:
            ValueError: it can't be read. AttributeError, KeyError: it is of another form; see CANT_OBEY.
        """
        self.take(read_json(text[:LONGEST_BODY]))

    def take(self, order: Any) -> None:
        """Do the same with what is read already."""
        name, value = order.get("command"), order.get("value")
        if name == "end":
            self.run.end_silent()
        elif name == "focus":
            value = dict(experiment(self.run.config.experiment).focus(value))
        elif name == "change":
            value = at_once(self.run, value)
        elif name == "drawn":
            self.viewer.has_drawn(value)
        elif name == "visible":
            self.viewer.is_visible(value)
        elif name == "shows":
            self.viewer.says(value)
        if name in TOLD:
            if name != "drawn":
                self.run.watch(self._hear, self.viewer.visible, self.viewer.shows)
            self._news.set()
        possible = {"speed": isinstance(value, int | float) and 0 <= value <= 100_000, "change": bool(value)}
        if name in COMMANDS and possible.get(name, True):
            self.run.command(name, value)
            tally.add("commands", name)

    def _all(self) -> Iterator[str | bytes | None]:
        """Every message from the first on; None where nothing is left to be told for now."""
        run, viewer = self.run, self.viewer
        state = run.state()  # before the hello, or a change between the two would never be sent
        hello = run.hello(MOST_POINTS)
        rows, known = hello.pop("rows"), hello.pop("known")
        kept, sent = set(hello["kept"]), 0
        yield self._written(hello)
        del hello  # the whole history, for as long as someone looks on
        while True:
            self._patience = None
            now = run.state()
            now_kept = set(run.kept)
            if viewer.visible and (run.rows > rows or now_kept != kept):
                new, gone = sorted(now_kept - kept), sorted(kept - now_kept)
                goes_on = run.rows > SHORT and run.rows - rows < MOST_POINTS
                most = MOST_NEW if goes_on else MOST_POINTS
                rows, kept = run.rows, now_kept
                measured, known = run.since(known, most)
                yield self._written({"kind": "metrics", "history": measured, "kept": new, "dropped": gone})
            if now != state:
                state = now
                yield self._written({"kind": "status", **state})
            if viewer.visible and run.packed_frame is not None and run.frame_number != sent:
                self._patience = viewer.wait
                if not self._patience:
                    self._patience, sent, frame = None, run.frame_number, run.packed_frame
                    viewer.sends()
                    tally.add("frames")
                    yield frame if viewer.packed else zlib.decompress(frame)
            yield None

    def _written(self, message: Mapping[str, Any]) -> str | bytes:
        text = json.dumps(message)
        if self.viewer.packed and len(text) > WORTH_PACKING:
            return zlib.compress(text.encode(), PACKING)
        return text


def at_once(run: Run, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What is dragged to another value: of the settings that act on a run at once, those that are new.

    Raises:
        ValueError: it can't be used.
    """
    acting = run.config.acting("at once")
    config = run.config.changed(**{name: value for name, value in wanted.items() if name in acting})
    values = {name: getattr(config, name) for name in wanted if name in acting}
    return {name: value for name, value in values.items() if value != run.value_wanted(name)}
