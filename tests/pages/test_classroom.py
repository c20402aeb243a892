"""A small class at a real server, over Streamlit's own protocol: no click is lost, turns are fair, handles return.

`python -m tests.benchmarks.classroom` is the same with thirty and more, and says how long things take.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from pathlib import Path

import pytest

from tests.benchmarks.classroom.lesson import Notes, Pupil, each, until_returned, warm_up
from tests.benchmarks.classroom.server import handles
from tests.browser.app import App
from tests.waiting import PATIENCE

PUPILS = 8
FRAMES = 30
"""Frames that the pupil in the middle sees while turns are compared."""
GRACE = 5
"""Seconds that runs go on after their owners have left."""


async def fair_turns(pupils: list[Pupil]) -> tuple[float, int]:
    """Frames that the pupil in the middle and the one with the fewest saw in the same time."""
    before = [pupil.tab.frames for pupil in pupils]

    def frames() -> list[int]:
        return [pupil.tab.frames - count for pupil, count in zip(pupils, before, strict=True)]

    await pupils[0].tab.until(lambda: statistics.median(frames()) >= FRAMES, PATIENCE)
    return statistics.median(frames()), min(frames())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="handles are counted in /proc")
def test_eight_pupils_lose_no_click_have_fair_turns_and_leave_nothing_open(tmp_path: Path) -> None:
    app = App(tmp_path, grace=GRACE)
    notes = Notes()

    async def hold() -> tuple[int, float, int]:
        await warm_up(app.url)
        before = handles(app)
        pupils = [Pupil(app.url, number, PATIENCE) for number in range(1, PUPILS + 1)]
        await asyncio.gather(*(pupil.enter(notes) for pupil in pupils))
        assert not notes.lost
        middle, fewest = await fair_turns(pupils)
        await each(pupils, lambda pupil: pupil.slide(notes), within=2)
        await each(pupils, lambda pupil: pupil.slide(notes), within=2)
        await each(pupils, lambda pupil: pupil.pause(notes), within=2)
        await each(pupils, lambda pupil: pupil.look_around(notes), within=2)
        await each(pupils, lambda pupil: pupil.refresh(notes), within=2)
        await asyncio.gather(*(pupil.leave() for pupil in pupils))
        await until_returned(app, before + PUPILS - 1, GRACE + PATIENCE)
        return handles(app) - before, middle, fewest

    try:
        stayed, middle, fewest = asyncio.run(hold())
    finally:
        app.end()
    assert not notes.lost
    assert notes.clicks == 8 * PUPILS
    assert fewest >= middle / 2
    assert stayed < PUPILS
    assert "Traceback" not in (tmp_path / "server.log").read_text()
