"""The first minute: Home moves by itself, leads everywhere, and the page says what it is and in which language."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.app import App
from tests.browser.conftest import Person
from tests.browser.screen import IDLE, PATIENCE, POLLING, Screen

PIXELS = "behind.pixels('[data-testid=hero-picture]')"
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(({ value }) => value)))
  .observe({ type: "layout-shift", buffered: true });
"""
"""Adds up how far what is in sight has jumped."""
MOST_SHIFT = 0.001


def home_of(person: Person) -> Screen:
    """The home page, its film loaded."""
    screen = person.tab()
    screen.page.goto(person.url)
    expect(screen.part("hero-step")).to_contain_text("accuracy", timeout=PATIENCE)
    return screen


def test_the_boundary_bends_by_itself_until_it_is_paused(person: Callable[..., Person]) -> None:
    home = home_of(person())
    seen = home.look(PIXELS)
    home.until(f"{PIXELS} !== it", seen)
    home.page.get_by_role("button", name="Pause").click()
    held = home.look(PIXELS)
    home.page.wait_for_timeout(500)  # several pictures' time
    assert home.look(PIXELS) == held
    home.page.get_by_role("button", name="Play").click()
    home.until(f"{PIXELS} !== it", held)


def test_it_is_still_where_motion_is_not_wanted(person: Callable[..., Person]) -> None:
    home = home_of(person(reduced_motion="reduce"))
    expect(home.part("hero-step")).to_contain_text("Step 200 / 200")
    held = home.look(PIXELS)
    home.page.wait_for_timeout(500)
    assert home.look(PIXELS) == held
    home.page.get_by_role("button", name="Play").click()
    home.until(f"{PIXELS} !== it", held)


def test_a_click_starts_the_run_as_ones_own(person: Callable[..., Person]) -> None:
    home = home_of(person())
    home.part("hero-start").click()
    home.shown()
    expect(home.page.get_by_role("heading", name="A simple classifier")).to_be_visible()
    assert home.other_run(None)
    home.reach(5)
    expect(home.page.get_by_role("radio", name="two spirals", exact=True)).to_be_checked()


def test_home_jumps_nowhere_while_it_loads_and_moves(app: App, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(SHIFTS)
    page.goto(app.url)
    expect(page.get_by_test_id("home-cards").get_by_role("link")).to_have_count(12)
    expect(page.get_by_test_id("hero-step")).to_contain_text(re.compile(r"Step [5-9]\d / 200"))
    shifts = page.evaluate("window.shifts")
    context.close()
    assert sum(shifts) < MOST_SHIFT, shifts


def told(page: Page) -> tuple[str, str]:
    """The document's title and language."""
    return page.title(), page.evaluate("document.documentElement.lang")


def test_title_and_language_follow_page_and_person(person: Callable[..., Person]) -> None:
    home = home_of(person())
    assert told(home.page) == ("Torch Playground", "en")
    home.part("home-cards").get_by_role("link", name="2 · A CNN on handwritten digits").click()
    expect(home.page).to_have_title("A CNN on handwritten digits · Torch Playground")
    home.shown()
    home.page.get_by_role("radio", name="中文").click()
    expect(home.page).to_have_title("用 CNN 识别手写数字 · Torch Playground")
    home.until("document.documentElement.lang === 'zh-CN'")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_navigation_leads_to_a_page_in_a_group(app: App, browser: Browser, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(app.url)
    page.wait_for_function(IDLE, polling=POLLING)
    if width > 1000:
        page.get_by_test_id("stTopNav").get_by_role("button", name="Look inside").click()
        page.get_by_role("menuitem", name="6 · Devices").click()
    else:
        page.get_by_test_id("stExpandSidebarButton").click()
        links = page.get_by_test_id("stSidebarNav").get_by_role("link")
        expect(links).to_have_count(14)
        expect(page.get_by_text("more", exact=False).filter(has_text="View")).to_have_count(0)
        links.filter(has_text="6 · Devices").click()
    expect(page.get_by_role("heading", name="Devices", exact=True)).to_be_visible()
    context.close()


def test_the_foot_leads_along_the_path(person: Callable[..., Person]) -> None:
    screen = person().open("/rnn")
    screen.page.get_by_test_id("stMain").get_by_role("link", name="7 · LSTM").click()
    expect(screen.page.get_by_role("heading", name="LSTM: a digit row by row")).to_be_visible()
    screen.shown()
    screen.page.get_by_test_id("stMain").get_by_role("link", name="7 · RNN").click()
    expect(screen.page.get_by_role("heading", name="RNN and LSTM: cos from sin")).to_be_visible()


def test_no_page_of_streamlits_says_that_there_is_none(person: Callable[..., Person]) -> None:
    visitor = person(locale="zh-CN")
    page = visitor.tab().page
    answer = page.goto(f"{visitor.url}/nonsense")
    assert answer is not None and answer.status == 404
    expect(page.get_by_role("heading", name="没有这个页面")).to_be_visible()
    page.get_by_role("link", name="回到首页").click()
    expect(page.get_by_role("heading", name="Torch Playground")).to_be_visible()
    visitor.errors.clear()
