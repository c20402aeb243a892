"""A page that is left leaves nothing behind: neither listeners nor nodes, however often one comes back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession

from pages.index import PAGES
from pages.index import Page as Row
from tests.benchmarks.page_switch import switch
from tests.browser.conftest import Person
from tests.browser.screen import IDLE, PATIENCE, POLLING, Screen
from tests.waiting import until

VISITS = 20
FIRST = 3
"""Visits after which everything is there that is loaded once."""
FEW = 15
"""Listeners or nodes that the browser itself may hold in one count and not in another: less than one a visit."""


def visit(screen: Screen, title: str, trains: bool) -> None:
    """Go to a page, wait until it is whole, and go home."""
    switch(screen.page, title)
    screen.page.wait_for_function(IDLE, timeout=PATIENCE, polling=POLLING)
    if trains:
        screen.shown()
    switch(screen.page, "Home")
    screen.page.wait_for_function(IDLE, timeout=PATIENCE, polling=POLLING)


def held(browser: CDPSession) -> dict[str, int]:
    """What is alive after the garbage has been collected."""
    for _ in range(3):
        browser.send("HeapProfiler.collectGarbage")
    return {name: browser.send("Memory.getDOMCounters")[name] for name in ("nodes", "jsEventListeners")}


@pytest.mark.long
@pytest.mark.parametrize("row", PAGES[1:], ids=lambda row: row.folder)
def test_twenty_visits_leave_nothing_behind(person: Callable[..., Person], row: Row) -> None:
    someone = person()
    screen = someone.tab()
    screen.page.goto(someone.url)
    screen.page.wait_for_function(IDLE, timeout=PATIENCE, polling=POLLING)
    browser = screen.page.context.new_cdp_session(screen.page)
    for _ in range(FIRST):
        visit(screen, row.title, bool(row.experiment))
    before = held(browser)
    for _ in range(VISITS):
        visit(screen, row.title, bool(row.experiment))
    # What a page does a moment after it was left is over when the counts stand.
    until(
        lambda: all(held(browser)[name] <= count + FEW for name, count in before.items()),
        state=lambda: (before, held(browser)),
    )
