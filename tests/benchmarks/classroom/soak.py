"""Eight pupils for a long time: whether the server's memory grows."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from tests.benchmarks.classroom.lesson import Notes, Pupil, warm_up
from tests.benchmarks.classroom.server import handles, private_megabytes
from tests.benchmarks.rows import Row
from tests.browser.app import App

PUPILS = 8
EVERY = 5.0
"""Seconds between two looks at the server."""
SETTLING = 0.25
"""The part of the time that is left out at the beginning, while caches fill."""


async def stay(pupil: Pupil, notes: Notes, until: float) -> None:
    """Work until the end: move sliders, pause, look around, refresh, and begin again."""
    await pupil.enter(notes)
    while time.monotonic() < until:
        for act in (pupil.slide, pupil.slide, pupil.pause, pupil.look_around, pupil.refresh):
            await asyncio.sleep(pupil.chance.uniform(1, 6))
            await act(notes)
    await pupil.leave()


async def observe(app: App, minutes: float) -> tuple[list[float], list[float], list[int], Notes]:
    """Times in hours, megabytes and handles, and what the pupils waited for."""
    await warm_up(app.url)
    notes, start = Notes(), time.monotonic()
    until = start + 60 * minutes
    working = asyncio.gather(*(stay(Pupil(app.url, number), notes, until) for number in range(1, PUPILS + 1)))
    hours, megabytes, open_handles = [], [], []
    while (now := time.monotonic()) < until:
        hours.append((now - start) / 3600)
        megabytes.append(private_megabytes(app.process.pid))
        open_handles.append(handles(app))
        await asyncio.sleep(EVERY)
    await working
    return hours, megabytes, open_handles, notes


def measure(minutes: float) -> tuple[list[float], list[float], list[int], Notes]:
    """The same, at a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(Path(folder), grace=20)
        try:
            return asyncio.run(observe(app, minutes))
        finally:
            app.end()


def slope(hours: list[float], megabytes: list[float]) -> float:
    """Megabytes an hour that a session adds, after a while of settling."""
    settled = int(SETTLING * len(hours))
    return statistics.linear_regression(hours[settled:], megabytes[settled:]).slope / PUPILS


def rows(minutes: str = "0") -> list[Row]:
    """Its rows of the table; without minutes they say what is missing."""
    what = "the server's memory, growth an hour a session"
    if not float(minutes):
        return [Row(what, None, "MB", 1, at_most=True, note="wants `--soak MINUTES`; 20 tell enough")]
    hours, megabytes, _, notes = measure(float(minutes))
    note = f"{PUPILS} pupils for {minutes} minutes"
    return [
        Row(what, slope(hours, megabytes), "MB", 1, True, note),
        Row("clicks lost", notes.lost.total(), "clicks", 0, True, f"of {notes.clicks:,}"),
    ]


def soak(minutes: float) -> None:
    """Print how memory and handles went."""
    hours, megabytes, open_handles, notes = measure(minutes)
    settled = int(SETTLING * len(hours))
    print(
        f"{PUPILS} pupils for {minutes:g} minutes: the server's memory went from {megabytes[settled]:.0f} to "
        f"{megabytes[-1]:.0f} MB, {slope(hours, megabytes):+.1f} MB an hour a session"
    )
    print(f"handles: {open_handles[settled]} after a while, {open_handles[-1]} at the end")
    print(f"{notes.lost.total()} of {notes.clicks} clicks were lost")
