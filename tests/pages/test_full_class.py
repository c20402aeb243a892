"""A real server that takes two people, and a third one: who is in stays in, and all handles return in the end."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path

import pytest

from core.engine.index import MOST_OPEN
from pages.shared.server.owner import COOKIE
from tests.benchmarks.classroom.tab import Browser, Tab
from tests.browser.app import App
from tests.waiting import PATIENCE, until

PAGE = "/classifier?num_steps=50000"
FULL = "This server is full: 2 people are on it; this works as soon as one of them has left."
LIMITS = {"TORCH_PLAYGROUND_PEOPLE": "2", "TORCH_PLAYGROUND_PLACE_SECONDS": "5"}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counts handles by /proc")


def handles(app: App) -> int:
    return len(list(Path(f"/proc/{app.process.pid}/fd").iterdir()))


async def opened(browser: Browser) -> Tab:
    """A person's tab, its page complete."""
    tab = await Tab(browser).open(PAGE)
    await tab.until(lambda: tab.script_runs, PATIENCE)
    return tab


async def played(tab: Tab) -> None:
    """Press Play until the run is seen."""
    await tab.play()
    await tab.until(lambda: tab.frames >= 2, PATIENCE)


async def leave(tab: Tab) -> None:
    await tab.close()
    await tab.browser.close()


async def get_in(tab: Tab) -> None:
    """Press Play again and again until the server takes one more."""
    while tab.live is None:
        runs = tab.script_runs
        await tab.play()
        await tab.until(partial(lambda runs: tab.script_runs > runs, runs), PATIENCE)
    await tab.until(lambda: tab.frames >= 2, PATIENCE)


async def visit(app: App) -> str:
    """Come, play, leave; returns the cookie."""
    tab = await opened(Browser(app.url))
    await played(tab)
    cookie = tab.browser.http.cookies[COOKIE]
    await leave(tab)
    return cookie


async def lesson(app: App, cookie: str) -> None:
    known = Browser(app.url)
    known.http.cookies[COOKIE] = cookie
    first, second, third = await opened(known), await opened(Browser(app.url)), await opened(Browser(app.url))
    await played(first)
    await third.play()
    await third.until(lambda: FULL in third.texts, PATIENCE)
    assert third.live is None
    for page in ("cnn", "layers", "classifier"):
        await third.switch(page, PATIENCE)
        assert len(third.elements) > 10
    again = await first.refresh()
    await again.until(lambda: again.frames >= 2, PATIENCE)
    await played(second)
    await third.play()
    await third.until(lambda: FULL in third.texts, PATIENCE)
    await leave(again)
    await get_in(third)
    assert FULL not in third.texts
    await leave(second)
    await leave(third)


@pytest.mark.long
def test_the_next_one_gets_in_when_someone_has_left(tmp_path: Path) -> None:
    app = App(tmp_path, grace=1, environment=LIMITS)
    try:
        cookie = asyncio.run(visit(app))
        until(lambda: not app.workers())
        before = handles(app)  # with all that the first visitor has it open once and for all
        asyncio.run(lesson(app, cookie))
        until(lambda: not app.workers())
        most = before + MOST_OPEN  # those of the index stay, however many come
        until(lambda: handles(app) <= most, state=lambda: (handles(app), most))
    finally:
        app.end()
