"""In a real Chromium on a warm server: from a key on a slider to the card's new picture, card by card.

Run: python -m tests.benchmarks.cards [CARD ...]
"""

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from core.layers import CARDS
from tests.browser.app import App, chromium

TRIES = 12
CHOSEN = {"activations": "&functions=LeakyReLU"}
"""What is chosen first where else the first slider would change nothing in the picture."""
WATCH = """
(slider) => new Promise((resolve) => {
  const card = document.querySelector('[data-testid="card"]');
  const before = card.dataset.frames;
  slider.addEventListener("keydown", () => {
    const start = performance.now();
    const look = () => {
      if (card.dataset.frames !== before) resolve(performance.now() - start);
      else requestAnimationFrame(look);
    };
    look();
  }, { capture: true, once: true });
  slider.dispatchEvent(new Event("watched"));
})
"""


def times(page: Page) -> list[float]:
    """Milliseconds from each key to the new picture."""
    slider = page.locator("[data-testid=stMain] input[type=range]").first
    if not slider.count():
        return []
    milliseconds = []
    for turn in range(TRIES + 2):
        slider.focus()
        page.evaluate("(it) => { window.answered = (" + WATCH + ")(it); }", slider.element_handle())
        value = float(slider.input_value())
        low, high = (float(slider.get_attribute(name) or 0) for name in ("min", "max"))
        up = value < high and (turn % 2 == 0 or value <= low)
        page.keyboard.press("ArrowRight" if up else "ArrowLeft")
        milliseconds.append(float(page.evaluate("window.answered")))
    return milliseconds[2:]  # the first two warm the server


def main() -> None:
    """Print the figures."""
    everything: list[float] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        app = App(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        for name in sys.argv[1:] or CARDS:
            page.goto(f"{app.url}/layers?card={name}{CHOSEN.get(name, '')}")
            page.locator(f'[data-testid="card"][data-card="{name}"][data-drawn]').wait_for()
            milliseconds = times(page)
            everything += milliseconds
            if milliseconds:
                print(
                    f"{name:20} median {statistics.median(milliseconds):4.0f} ms, at most {max(milliseconds):4.0f} ms",
                    flush=True,
                )
        browser.close()
        app.end()
    print(f"all cards: median {statistics.median(everything):.0f} ms, at most {max(everything):.0f} ms")


if __name__ == "__main__":
    main()
