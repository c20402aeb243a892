"""The CNN in the app, watched by a real Chromium, against the tutorial's loop: images a second as a ratio in one run.

Run: TORCH_PLAYGROUND_DATA=FOLDER_WITH_MNIST python -m tests.benchmarks.cnn_watched
"""

import os
import statistics
import time
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright

from tests.benchmarks.cnn_speed import tutorial
from tests.browser.app import App, chromium
from tests.browser.screen import BEHIND, Screen

ROUNDS = 5
SECONDS = 6


def main() -> None:
    """Print the ratios, rounds in turn."""
    torch.set_num_threads(1)
    data = Path(os.environ["TORCH_PLAYGROUND_DATA"])
    ratios: dict[str, list[float]] = {"float32": [], "bfloat16": []}
    with sync_playwright() as playwright:
        app = App(data)
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        for _round in range(ROUNDS):
            plain = tutorial()
            for precision, found in ratios.items():
                page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
                page.add_init_script(BEHIND)
                screen = Screen(page, app.url).open(f"/cnn?dataset=mnist&precision={precision}&evaluate_every=1000")
                page.get_by_test_id("speed").select_option("0")
                page.get_by_test_id("play").click()
                screen.reach(50)
                begin, start = screen.step, time.perf_counter()
                time.sleep(SECONDS)
                speed = 50 * (screen.step - begin) / (time.perf_counter() - start)
                found.append(speed / plain)
                page.get_by_test_id("reset").click()
                screen.status("idle")
                page.context.close()
        browser.close()
        app.end()
    for precision, found in ratios.items():
        print(f"{precision}, watched: {statistics.median(found):.2f} x the tutorial's loop ({ROUNDS} pairs)")


if __name__ == "__main__":
    main()
