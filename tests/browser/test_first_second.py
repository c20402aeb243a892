"""What the first seconds of a cold page show stays where it is."""

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
