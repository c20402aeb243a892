"""Make the pictures of README and of Home's cards from the running app: `python -m tests.pictures [--cards] [PAGE]`.

Each page's card gets a still picture for each theme, `pages/home/pictures/PAGE.THEME.webp`; each training page a moving
one, `docs/pictures/PAGE.webp`. Run it again after the look of a page has changed; with --cards the moving ones stay.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image, ImageOps
from playwright.sync_api import Browser, FloatRect, Page, expect, sync_playwright

from pages.index import PAGES
from pages.index import page as row_of
from tests.browser.app import App, chromium
from tests.browser.screen import BEHIND, IDLE, PATIENCE, POLLING, TRAINING, Screen, listen, redrawn

ROOT = Path(__file__).parents[1]
CARDS = ROOT / "pages" / "home" / "pictures"
FILMS = ROOT / "docs" / "pictures"
CARD = (480, 270)
SHARP = 2
"""Pixels of a card's screenshot for each of the page's: a small part is enlarged."""
MARGIN = 12
"""Pixels of a card around a part that is shown whole."""
BESIDE = 3
"""Pixels of the page from a part to where its background is looked up."""
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
        part: the selector of what stands on the card; of several, what surrounds them.
        query: the settings.
        act: what is done on the page before.
        speed: steps a second of the moving picture; 0 is full speed.
        until: the step at which the card's picture is taken; the run's end if 0.
        inset: pixels left out of the part at its left, top, right and bottom: words and axes that the card has no
            room for.
        whole: whether the part is shown whole, with its background around it; else the card is filled with a piece.
        height: where the card's picture is cut from a part that is too high: 0 at its top, 1 at its bottom.
        width: the same for one that is too wide: 0 at its left, 1 at its right.
        window: the size of the window, in pixels.
    """

    part: str
    query: str = ""
    act: Callable[[Screen], None] = lambda screen: None
    speed: int = 30
    until: int = 0
    inset: tuple[float, float, float, float] = (0, 0, 0, 0)
    whole: bool = False
    height: float = 0.5
    width: float = 0.5
    window: tuple[int, int] = WINDOW


def come_back(screen: Screen, *runs: str) -> None:
    """Leave runs behind, and come back."""
    path = screen.page.url
    for run in runs:
        screen.open(run)
        screen.play(speed=0)
        screen.status("finished")
    screen.page.goto(path)
    screen.page.wait_for_function(IDLE, timeout=PATIENCE, polling=POLLING)


def list_deep_network(screen: Screen) -> None:
    """The state_dict of a network of many layers."""
    come_back(screen, "/vgg?num_epochs=1&batch_size=200&width=1/8&batch_norm=false")
    expect(screen.page.locator(".file-tree .row").nth(9)).to_be_visible(timeout=PATIENCE)


def show_curves(screen: Screen) -> None:
    """TensorBoard's curves of three runs, drawn by the page itself."""
    come_back(screen, *(f"/classifier?dataset=moons&num_steps=1000&lr={lr}" for lr in (0.001, 0.01, 0.1)))
    screen.section("The same, drawn here")
    curves = screen.page.locator(".js-plotly-plot").first.locator(".scatterlayer .trace")
    expect(curves).to_have_count(3, timeout=PATIENCE)


def show_projection(screen: Screen) -> None:
    """Digits of the test set, where the network puts them."""
    screen.page.get_by_role("tab", name="Projection").click()
    expect(screen.page.locator(".tp-projection")).to_have_attribute("aria-label", re.compile("."), timeout=PATIENCE)


def measure(screen: Screen) -> None:
    """Two and eight workers that wait for a disk, measured here and now."""
    with redrawn(screen.page):
        screen.page.get_by_role("radio", name="Waiting for a disk").click()
    screen.page.get_by_role("button", name="Measure").first.click()
    expect(screen.page.locator(".st-key-loading-lanes canvas")).to_have_count(2, timeout=TRAINING)
    expect(screen.page.get_by_text("as fast")).to_be_visible(timeout=TRAINING)


def next_line(screen: Screen) -> None:
    """Move the first tensors."""
    for _line in range(3):
        screen.page.get_by_role("button", name="Next line").click()
        screen.page.wait_for_function(IDLE, timeout=PATIENCE, polling=POLLING)


def own_layer(screen: Screen) -> None:
    """The methods of a layer of one's own."""
    with redrawn(screen.page):
        screen.page.get_by_role("radio", name="a layer of your own").click()
    code = screen.page.locator("[data-testid=stCode] pre")
    expect(code).to_contain_text("Swish")
    code.evaluate("(node) => { node.scrollTop = node.scrollHeight; }")


SCENES = {
    "classifier": Scene(".tp-plane .nsewdrag", "dataset=moons&lr=0.2&num_steps=240"),
    "cnn": Scene(".tp-projection", act=show_projection, speed=0, until=300, inset=(90, 0, 50, 0)),
    "layers": Scene("[data-testid=card-picture]", "card=conv2d", inset=(0, 20, 0, 132), whole=True),
    "tensorboard": Scene(":nth-match(.js-plotly-plot .nsewdrag, 1)", act=show_curves, window=(390, 844)),
    "vgg": Scene(
        ".tp-strip:nth-child(-n + 4) .tp-strip-box canvas", speed=0, until=40, inset=(-2, -3, 0, 9), height=0, width=0
    ),
    "build": Scene("[data-testid=blocks] > :nth-child(n + 4):nth-child(-n + 8)", speed=5, until=40, whole=True),
    "devices": Scene(".moves .place.device .chip", act=next_line, window=(680, 900), whole=True),
    "saving": Scene(
        ".file-tree .row:nth-child(-n + 8)", act=list_deep_network, window=(340, 844), inset=(5, 1, 5, 0), whole=True
    ),
    "rnn": Scene("[data-testid=wave-run]", until=150, inset=(36, 6, 4, 22)),
    "rnn_digits": Scene("[data-testid=reading-run]", speed=5, until=300, inset=(0, 18, 177, 16)),
    "loading": Scene(
        "[data-testid=lanes] .group:last-child canvas", act=measure, window=(600, 900), inset=(74, 0, 8, 18), width=0
    ),
    "next": Scene("[data-testid=stCode] pre", act=own_layer, window=(460, 900), inset=(46, 96, 17, 178), whole=True),
}


def opened(
    browser: Browser,
    app: App,
    theme: Literal["light", "dark"],
    folder: str,
    window: tuple[int, int] = WINDOW,
    sharp: float = 1,
    locale: str = "en-GB",
) -> Screen:
    """The page in a browser of its own, its scene set."""
    context = browser.new_context(
        viewport={"width": window[0], "height": window[1]}, device_scale_factor=sharp, locale=locale, color_scheme=theme
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
    return screen


def picture_of(page: Page, clip: FloatRect | None = None) -> Image.Image:
    """What the window shows, or a piece of it."""
    return Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")


def box_of(screen: Screen, scene: Scene) -> FloatRect:
    """Where the part is on the page, without what is left out of it."""
    nodes = screen.page.locator(scene.part)
    expect(nodes.first).to_be_visible(timeout=PATIENCE)
    nodes.first.scroll_into_view_if_needed()
    nodes.last.scroll_into_view_if_needed()
    screen.page.wait_for_timeout(500)
    boxes = [box for node in nodes.all() if node.is_visible() and (box := node.bounding_box())]
    edges = [(box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]) for box in boxes]
    left, top = (min(edge[side] for edge in edges) + scene.inset[side] for side in (0, 1))
    right, bottom = (max(edge[side] for edge in edges) - scene.inset[side] for side in (2, 3))
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def piece_of(box: FloatRect, scene: Scene) -> FloatRect:
    """The largest piece of a part that has the card's shape."""
    width = min(box["width"], box["height"] * CARD[0] / CARD[1])
    height = width * CARD[1] / CARD[0]
    x, y = box["x"] + (box["width"] - width) * scene.width, box["y"] + (box["height"] - height) * scene.height
    return {"x": x, "y": y, "width": width, "height": height}


def card_of(screen: Screen, scene: Scene) -> Image.Image:
    """The part of the page in the card's shape."""
    box = box_of(screen, scene)
    if not scene.whole:
        return picture_of(screen.page, piece_of(box, scene)).resize(CARD, Image.Resampling.LANCZOS)
    beside = picture_of(
        screen.page, {"x": box["x"] - BESIDE, "y": box["y"] + box["height"] / 2, "width": 1, "height": 1}
    )
    ground = f"#{beside.tobytes()[:3].hex()}"
    inner = (CARD[0] - 2 * MARGIN, CARD[1] - 2 * MARGIN)
    image = ImageOps.pad(picture_of(screen.page, box), inner, Image.Resampling.LANCZOS, color=ground)
    return ImageOps.expand(image, MARGIN, ground)


def run_to_card(screen: Screen, scene: Scene) -> None:
    """Train as far as the card shows."""
    screen.play(speed=scene.speed if scene.until else 0)
    if scene.until:
        screen.reach(scene.until)
        screen.press("play")
        screen.until("['paused', 'finished'].includes(behind.status())")
    else:
        screen.status("finished")


def card_in(browser: Browser, app: App, theme: Literal["light", "dark"], folder: str) -> Image.Image:
    """A page's card, of a visit of its own."""
    scene = SCENES[folder]
    screen = opened(browser, app, theme, folder, scene.window, SHARP)
    if row_of(folder).experiment:
        run_to_card(screen, scene)
    scene.act(screen)
    card = card_of(screen, scene)
    screen.page.context.close()
    return card


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
                if row_of(name).experiment and "--cards" not in sys.argv:
                    screen = opened(browser, app, "light", name)
                    save_film(film_of(screen, SCENES[name]), FILMS / f"{name}.webp")
                    screen.page.context.close()
                for theme in THEMES:
                    card = card_in(browser, app, theme, name)
                    card.save(CARDS / f"{name}.{theme}.webp", quality=80, method=6)
                print(f"{name}: {time.monotonic() - begin:.0f} s", flush=True)
        finally:
            browser.close()
            app.end()


if __name__ == "__main__":
    main()
