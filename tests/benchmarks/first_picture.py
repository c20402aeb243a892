"""In a real Chromium on a warm server: Play to the first moved picture, and a refresh to the picture of the run.

Run: python -m tests.benchmarks.first_picture
"""

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.benchmarks.rows import Row
from tests.browser.app import App, chromium
from tests.browser.screen import BEHIND, Screen

TRIES = 10


def measure() -> tuple[list[float], list[float]]:
    """Milliseconds from Play to a moved picture, and from a refresh to the picture of the run."""
    moved, reattached = [], []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        app = App(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        for number in range(TRIES + 1):
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.add_init_script(BEHIND)
            screen = Screen(page, app.url).open("/classifier?num_steps=3000")
            page.evaluate("behind.timeToMove()")
            page.get_by_test_id("play").click()
            first = page.evaluate("window.moved")
            page.wait_for_function("behind.step() >= 20")
            start = time.perf_counter()
            page.reload(wait_until="commit")
            page.wait_for_function("window.behind && behind.step() >= 20")
            if number:  # the first try warms the server
                moved.append(first)
                reattached.append(1000 * (time.perf_counter() - start))
            screen.page.context.close()
        browser.close()
        app.end()
    return moved, reattached


def rows() -> list[Row]:
    """Its rows of the table."""
    moved, reattached = measure()
    return [
        Row("Play to first moved picture, median", statistics.median(moved), "ms", 400, at_most=True),
        Row("refresh to reattached, median", statistics.median(reattached), "ms", 1200, at_most=True),
    ]


def main() -> None:
    """Print the figures."""
    moved, reattached = measure()
    print(f"Play to first moved picture: median {statistics.median(moved):.0f} ms, at most {max(moved):.0f} ms")
    print(f"refresh to reattached: median {statistics.median(reattached):.0f} ms, at most {max(reattached):.0f} ms")


if __name__ == "__main__":
    main()
