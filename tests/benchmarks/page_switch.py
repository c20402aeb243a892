"""In a real Chromium on a warm server: from a click in the navigation to the first paint of the page.

Run: python -m tests.benchmarks.page_switch
"""

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from pages.index import PAGES
from tests.benchmarks.rows import Row
from tests.browser.app import App, chromium
from tests.browser.screen import PATIENCE

ROUNDS = 3
PAINT = """
async (title) => {
  const find = () => [...document.querySelectorAll(':is([data-testid="stTopNavLink"], [role=menuitem])')]
    .find((a) => a.textContent.endsWith(title));
  for (const group of document.querySelectorAll('[data-testid="stTopNavSection"]')) {
    if (find()) break;
    group.click();
    while (group.getAttribute("aria-expanded") !== "true") await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
  }
  const link = find();
  const heading = () => document.querySelector('[data-testid="stMain"] :is(h1, h2, h3)')?.textContent;
  const before = heading();
  const start = performance.now();
  link.click();
  while (!heading() || heading() === before) {
    await new Promise(requestAnimationFrame);
    if (performance.now() - start > 60_000) throw new Error(`${title} does not come`);
  }
  return performance.now() - start;
}
"""
"""Finds the link in the navigation and its groups, clicks it and waits for the frame that has another heading."""
SETTLED = """
() => document.querySelector('[data-testid="stMain"] :is(h1, h2, h3)')
  && document.querySelector('[data-testid="stTopNavLink"]')
  && !document.querySelector('[data-testid="stStatusWidget"]')
"""
"""The script of the page has ended, and the navigation is there."""


def switch(page: Page, title: str) -> float:
    """Milliseconds from the click to the first paint."""
    took: float = page.evaluate(PAINT, title)
    page.wait_for_function(SETTLED, timeout=PATIENCE)
    return took


def measure() -> dict[str, float]:
    """Milliseconds to the first paint by the page's title, the median of some rounds after a first one."""
    times: dict[str, list[float]] = {row.title: [] for row in PAGES}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        app = App(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        try:
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.goto(f"{app.url}/{PAGES[-1].url_path}")
            page.wait_for_function(SETTLED, timeout=PATIENCE)
            for number in range(ROUNDS + 1):
                for row in PAGES:
                    took = switch(page, row.title)
                    if number:  # the first round warms server and browser
                        times[row.title].append(took)
        finally:
            browser.close()
            app.end()
    return {title: statistics.median(taken) for title, taken in times.items()}


def rows() -> list[Row]:
    """Its rows of the table."""
    times = measure()
    slowest = max(times, key=lambda title: times[title])
    return [
        Row("page switch to first paint, median of the pages", statistics.median(times.values()), "ms", 500, True),
        Row("page switch to first paint, slowest page", times[slowest], "ms", 500, True, note=slowest),
    ]


def main() -> None:
    """Print the figures."""
    for title, took in measure().items():
        print(f"{title}: {took:.0f} ms")


if __name__ == "__main__":
    main()
