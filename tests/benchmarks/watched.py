"""The app in a real Chromium, trained at full speed while its live view is on the screen."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.app import App, chromium
from tests.browser.screen import BEHIND, TRAINING, Screen

SECONDS = 6
"""Seconds for which steps are counted, or longer if `STEPS` take longer."""
STEPS = 10
FIRST = 5
"""Steps before the first that is counted."""


def steps_per_second(browser: Browser, url: str, path: str) -> float:
    """Steps a second of a page's run at full speed, while it is watched."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.add_init_script(BEHIND)
    screen = Screen(page, url).open(path)
    page.get_by_test_id("speed").select_option("0")
    page.get_by_test_id("play").click()
    screen.until("behind.step() >= it", FIRST, TRAINING)
    begin, start = screen.step, time.perf_counter()
    time.sleep(SECONDS)
    screen.until("behind.step() >= it", begin + STEPS, TRAINING)
    speed = (screen.step - begin) / (time.perf_counter() - start)
    page.get_by_test_id("reset").click()
    screen.status("idle")
    page.context.close()
    return speed


@contextmanager
def watched_app(data: Path) -> Iterator[Callable[[str], float]]:
    """The app on a data folder; yields a function from a page's address to its steps a second while it is watched."""
    with sync_playwright() as playwright:
        app = App(data)
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        try:
            yield lambda path: steps_per_second(browser, app.url, path)
        finally:
            browser.close()
            app.end()
