"""Make the pictures of README and of Home's cards from the running app: `python -m tests.pictures [--cards] [PAGE]`.

Each page's card gets a still picture for each theme, `pages/home/pictures/PAGE.THEME.webp`; each training page a moving
one, `docs/pictures/PAGE.webp`. Run it again after the look of a page has changed; with --cards the moving ones stay.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pages.index import PAGES
from pages.index import page as row_of
from tests.browser.app import App, chromium
from tests.browser.screen import BEHIND, IDLE, PATIENCE, POLLING, TRAINING, Screen, listen

ROOT = Path(__file__).parents[1]
CARDS = ROOT / "pages" / "home" / "pictures"
FILMS = ROOT / "docs" / "pictures"
CARD = (480, 270)
MARGIN = 4
"""Pixels kept around a part."""
FILM = (800, 500)
WINDOW = (1280, 800)
PICTURES = 24
"""Pictures of a moving one."""
DURATION, REST = 160, 2500
"""Milliseconds that a picture stays, and the last one."""
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
MOST_BYTES = 1_000_000
"""Of a moving picture: README has one of each training page."""


@dataclass(frozen=True)
class Scene:
    """What of a page is taken.

    Attributes:
        part: the selector of what stands on the card; of several the first in sight.
        query: the settings.
        act: what is done on the page before.
        speed: steps a second of the moving picture; 0 is full speed.
        until: the step at which the card's picture is taken; the run's end if 0.
        height: where the card's picture is cut from a part that is too high: 0 at its top, 1 at its bottom.
        width: the same for one that is too wide: 0 at its left, 1 at its right.
    """

    part: str
    query: str = ""
    act: Callable[[Screen], None] = lambda screen: None
    speed: int = 30
    until: int = 0
    height: float = 0
    width: float = 0.5


def train_first(screen: Screen) -> None:
    """Leave a run behind, and come back."""
    path = screen.page.url
    screen.open("/classifier?dataset=moons&lr=0.2&num_steps=200")
    screen.play(speed=0)
    screen.status("finished")
    screen.page.goto(path)
    screen.page.wait_for_function(IDLE, timeout=PATIENCE, polling=POLLING)


def show_curves(screen: Screen) -> None:
    """TensorBoard's curves of a run, drawn by the page itself."""
    train_first(screen)
    screen.section("The same, drawn here")
    expect(screen.page.locator(".js-plotly-plot").first).to_be_visible(timeout=PATIENCE)


def measure(screen: Screen) -> None:
    """Two settings of a DataLoader, measured here and now."""
    screen.page.get_by_role("button", name="Measure").first.click()
    expect(screen.page.locator(".st-key-loading-lanes canvas")).to_have_count(2, timeout=TRAINING)
    expect(screen.page.get_by_text("as fast")).to_be_visible(timeout=TRAINING)


def next_line(screen: Screen) -> None:
    """Move the first tensors."""
    for _line in range(3):
        screen.page.get_by_role("button", name="Next line").click()
        screen.page.wait_for_function(IDLE, timeout=PATIENCE, polling=POLLING)


SCENES = {
    "classifier": Scene(".tp-plane", "dataset=moons&lr=0.2&num_steps=240", height=0.5),
    "cnn": Scene(".tp-picture", speed=5, until=60),
    "layers": Scene("[data-testid=stMain] canvas", "card=conv2d"),
    "tensorboard": Scene(".js-plotly-plot", act=show_curves),
    "vgg": Scene(".tp-picture", speed=0, until=40),
    "build": Scene("[data-testid=blocks]", speed=5, until=40),
    "devices": Scene(".moves", act=next_line, width=0),
    "saving": Scene(".file-tree", act=train_first, width=0),
    "rnn": Scene(".tp-picture", until=150),
    "rnn_digits": Scene(".tp-picture", speed=5, until=100),
    "loading": Scene(".st-key-loading-lanes", act=measure, width=0),
    "next": Scene("[data-testid=stCode]", width=0),
}


def opened(browser: Browser, app: App, theme: Literal["light", "dark"], folder: str) -> Screen:
    """The page in a browser of its own, its scene set."""
    context = browser.new_context(
        viewport={"width": WINDOW[0], "height": WINDOW[1]}, locale="en-GB", color_scheme=theme
    )
    context.set_default_timeout(PATIENCE)
    context.add_init_script(BEHIND)
    page = context.new_page()
    listen(page)
    screen = Screen(page, app.url)
    scene = SCENES[folder]
    page.goto(f"{app.url}/{row_of(folder).url_path}?{scene.query}")
    page.wait_for_function(IDLE, timeout=PATIENCE, polling=POLLING)
    if row_of(folder).experiment:
        screen.shown()
    scene.act(screen)
    return screen


def picture_of(page: Page) -> Image.Image:
    """What the window shows."""
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def card_of(screen: Screen, scene: Scene) -> Image.Image:
    """The part of the page, cut to the card's shape; of a small one with what stands around it."""
    node = screen.page.locator(scene.part).first
    expect(node).to_be_visible(timeout=PATIENCE)
    node.scroll_into_view_if_needed()
    screen.page.wait_for_timeout(500)
    box = node.bounding_box()
    assert box is not None
    width = max(CARD[0], min(box["width"], box["height"] * CARD[0] / CARD[1]))
    height = width * CARD[1] / CARD[0]
    left = max(0, min(box["x"] + max(0, box["width"] - width) * scene.width - MARGIN, WINDOW[0] - width))
    top = max(0, min(box["y"] + max(0, box["height"] - height) * scene.height - MARGIN, WINDOW[1] - height))
    clip = {"x": left, "y": top, "width": width, "height": height}
    image = Image.open(io.BytesIO(screen.page.screenshot(clip=clip)))  # type: ignore[arg-type]
    return image.convert("RGB").resize(CARD, Image.Resampling.LANCZOS)


def run_to_card(screen: Screen, scene: Scene) -> None:
    """Train as far as the card shows."""
    screen.play(speed=scene.speed if scene.until else 0)
    if scene.until:
        screen.reach(scene.until)
        screen.press("play")
        screen.until("['paused', 'finished'].includes(behind.status())")
    else:
        screen.status("finished")


def film_of(screen: Screen, scene: Scene) -> list[Image.Image]:
    """The whole window, from before the first step on."""
    images = [picture_of(screen.page)]
    screen.play(speed=scene.speed)
    while len(images) < PICTURES:
        images.append(picture_of(screen.page))
        screen.page.wait_for_timeout(100)
    screen.press("play")
    return [image.resize(FILM, Image.Resampling.LANCZOS) for image in images]


def save_film(images: list[Image.Image], path: Path) -> None:
    """Write a moving picture, no larger than it may be."""
    for quality in (70, 55, 40, 25):
        images[0].save(
            path,
            save_all=True,
            append_images=images[1:],
            duration=[DURATION] * (len(images) - 1) + [REST],
            loop=0,
            quality=quality,
            method=4,
        )
        if path.stat().st_size <= MOST_BYTES:
            return


def main() -> None:
    """Make those of the pages named, or of all."""
    names = [name for name in sys.argv[1:] if name != "--cards"]
    chosen = names or [row.folder for row in PAGES if row.folder in SCENES]
    CARDS.mkdir(exist_ok=True)
    FILMS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        app = App(Path(folder), grace=5)
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        try:
            for name in chosen:
                begin = time.monotonic()
                for theme in THEMES:
                    screen = opened(browser, app, theme, name)
                    if row_of(name).experiment:
                        if theme == "light" and "--cards" not in sys.argv:
                            save_film(film_of(screen, SCENES[name]), FILMS / f"{name}.webp")
                            screen.press("reset")
                            screen.status("idle")
                        run_to_card(screen, SCENES[name])
                    card_of(screen, SCENES[name]).save(CARDS / f"{name}.{theme}.webp", quality=80, method=6)
                    screen.page.context.close()
                print(f"{name}: {time.monotonic() - begin:.0f} s", flush=True)
        finally:
            browser.close()
            app.end()


if __name__ == "__main__":
    main()
