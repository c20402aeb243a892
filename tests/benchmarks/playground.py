"""The classifier against TensorFlow Playground in the same Chromium: epochs a second as seen, as a ratio in one run.

Both have 250 points to train on, in batches of 10. The folder holds a built TensorFlow Playground, with its index.html.

Run: python -m tests.benchmarks.playground FOLDER
"""

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Route, sync_playwright

from core.experiments.classifier import ClassifierConfig
from tests.benchmarks.rows import Row
from tests.benchmarks.watched import steps_per_second
from tests.browser.app import App, chromium

ROUNDS = 3
SECONDS = 6
POINTS_PER_CLASS = 125
BATCH = 10
CASES = {
    "4-2 tanh": ("tanh", "circle", "4,2", "Tanh", "circles", 2.0),
    "10 ReLU": ("relu", "circle", "10", "ReLU", "circles", 2.0),
    "8-8-8 on spirals": ("tanh", "spiral", "8,8,8", "Tanh", "spirals", 5.0),
}
"""Name -> activation, data and layers there; activation and data here; the goal."""


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and writes no log."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder's files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def stay_here(route: Route) -> None:
    """Let nothing be fetched from elsewhere: fonts and pictures take no part."""
    if route.request.url.startswith("http://127.0.0.1"):
        route.continue_()
    else:
        route.abort()


def their_epochs(browser: Browser, url: str, activation: str, data: str, layers: str) -> float:
    """Epochs a second that TensorFlow Playground shows."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.route("**/*", stay_here)
    page.goto(
        f"{url}/index.html#activation={activation}&batchSize={BATCH}&dataset={data}&networkShape={layers}"
        "&learningRate=0.03&noise=0&percTrainData=50&seed=0.5&hideText=false"
    )
    page.click("#play-pause-button")

    def epochs() -> int:
        return int(page.inner_text("#iter-number").replace(",", ""))

    while epochs() < 5:
        time.sleep(0.05)
    begin, start = epochs(), time.perf_counter()
    time.sleep(SECONDS)
    speed = (epochs() - begin) / (time.perf_counter() - start)
    page.context.close()
    return speed


def our_path(activation: str, data: str, layers: str) -> tuple[str, float]:
    """The address of our page with the same settings, and steps in an epoch."""
    query = {
        "dataset": data,
        "activation": activation,
        "hidden_sizes": layers,
        "batch_size": str(BATCH),
        "points_per_class": str(POINTS_PER_CLASS),
        "num_steps": "50000",
    }
    config, problems = ClassifierConfig.forgive(query)
    assert not problems, problems
    return "/classifier?" + "&".join(f"{name}={value}" for name, value in query.items()), config.steps_per_epoch


def measure(folder: Path) -> Iterator[tuple[str, float, float, float]]:
    """Of each case its name, the median ratio, and the median epochs a second of theirs and ours, rounds in turn."""
    with served(folder) as url, tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        app = App(Path(data))
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        try:
            for name, (their_activation, their_data, layers, activation, our_data, _goal) in CASES.items():
                path, steps_per_epoch = our_path(activation, our_data, layers)
                pairs = [
                    (
                        their_epochs(browser, url, their_activation, their_data, layers),
                        steps_per_second(browser, app.url, path) / steps_per_epoch,
                    )
                    for _ in range(ROUNDS)
                ]
                ratio = statistics.median(ours / theirs for theirs, ours in pairs)
                theirs, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
                yield name, ratio, theirs, ours
        finally:
            browser.close()
            app.end()


def rows(folder: str | None = None) -> list[Row]:
    """Its rows of the table; without a folder they say what is missing."""
    what = "epochs/s as seen, batch 10 / TensorFlow Playground, {}"
    if folder is None:
        note = "wants `--tfp FOLDER` with a built TensorFlow Playground"
        return [Row(what.format(name), None, goal=case[-1], note=note) for name, case in CASES.items()]
    return [
        Row(what.format(name), ratio, goal=CASES[name][-1], note=f"{ours:.0f} against {theirs:.0f} epochs/s")
        for name, ratio, theirs, ours in measure(Path(folder))
    ]


def main() -> None:
    """Print the figures."""
    for name, ratio, theirs, ours in measure(Path(sys.argv[1])):
        print(f"{name}: {ours:.1f} epochs/s, {ratio:.2f} x TensorFlow Playground's {theirs:.1f}")


if __name__ == "__main__":
    main()
