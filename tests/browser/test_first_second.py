"""What the first seconds of a cold page show stays where it is, and comes in few requests."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.app import App
from tests.browser.screen import BEHIND, PATIENCE, Screen

PLACES = """
window.places = [];
const look = () => {
  const row = document.querySelector('[data-testid="stSidebar"] ~ * [role="radiogroup"][aria-label="Sections"]');
  if (row) window.places.push(Math.round(row.getBoundingClientRect().top));
  requestAnimationFrame(look);
};
look();
"""
"""Where the row of sections stands, in each frame of the browser."""
MOVES = 24
"""Pixels that the row may move: a sentence above it may break into one line more while its font is loaded."""


@pytest.mark.parametrize("folder", ["classifier", "cnn", "rnn"])
def test_what_is_below_the_live_view_does_not_move_when_its_picture_comes(
    app: App, browser: Browser, folder: str
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(BEHIND + PLACES)
    screen = Screen(page, app.url).open(f"/{folder}")
    expect(page.get_by_role("radiogroup", name="Sections")).to_be_visible(timeout=PATIENCE)
    screen.until("places.length > 0")
    places = screen.look("places")
    context.close()
    assert max(places) - min(places) <= MOVES


MOST_BYTES = 3_000_000
MOST_REQUESTS = 60
"""Half of what it took before the scripts came in one file was 80."""


def test_a_first_visit_loads_little_in_few_requests(app: App, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(BEHIND)
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    addresses: dict[str, str] = {}
    sizes: dict[str, int] = {}
    network.on("Network.requestWillBeSent", lambda sent: addresses.update({sent["requestId"]: sent["request"]["url"]}))
    network.on(
        "Network.loadingFinished", lambda ended: sizes.update({ended["requestId"]: int(ended["encodedDataLength"])})
    )
    screen = Screen(page, app.url).open("/classifier?num_steps=20")
    screen.press("play")
    screen.status("finished")
    asked = {request: address for request, address in addresses.items() if address.startswith("http")}
    context.close()
    assert len(asked) <= MOST_REQUESTS, sorted(asked.values())
    assert sum(sizes.get(request, 0) for request in asked) <= MOST_BYTES, sizes


def test_without_the_pack_each_script_loads_by_itself(app: App, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(BEHIND)
    page.route("**/assets/pack/*", lambda route: route.abort())
    screen = Screen(page, app.url).open("/cnn")
    expect(screen.part("play")).to_be_enabled(timeout=PATIENCE)
    context.close()
