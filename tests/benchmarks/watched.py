"""The app in a real Chromium, trained at full speed while its live view is on the screen."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.app import App, chromium
from tests.browser.screen import BEHIND, Screen

SECONDS = 6


@contextmanager
def watched_app(data: Path) -> Iterator[Callable[[str], float]]:
    """The app on a data folder; yields a function from a page's address to its steps a second while it is watched."""
    with sync_playwright() as playwright:
        app = App(data)
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])

        def steps_per_second(path: str) -> float:
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.add_init_script(BEHIND)
            screen = Screen(page, app.url).open(path)
            page.get_by_test_id("speed").select_option("0")
            page.get_by_test_id("play").click()
            screen.reach(50)
            begin, start = screen.step, time.perf_counter()
            time.sleep(SECONDS)
            speed = (screen.step - begin) / (time.perf_counter() - start)
            page.get_by_test_id("reset").click()
            screen.status("idle")
            page.context.close()
            return speed

        yield steps_per_second
        browser.close()
        app.end()
