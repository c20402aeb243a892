"""Everything by the keyboard alone, and what is spoken of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from pages.index import PAGES, Page
from tests.browser.conftest import Person
from tests.browser.pad import answered, says
from tests.browser.screen import IDLE, Screen

FOCUS = """
window.focusOf = () => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element === document.body ? null : element;
};
const LOOKS = ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "backgroundColor", "opacity", "clipPath"];
const looksOf = (element) => {
  const nodes = [element];
  for (let up = element.parentElement; up && nodes.length < 5; up = up.parentElement) nodes.push(up);
  nodes.push(...element.querySelectorAll("*"));
  const borders = ["Top", "Bottom"].map((side) => `border${side}Color`);
  return nodes.slice(0, 12).map((node) => [...LOOKS, ...borders].map((name) => getComputedStyle(node)[name])).join();
};
// What has the focus, and what had it until now if nothing of its looks has changed.
window.passOn = () => {
  const [before, looks] = window.hadFocus ?? [];
  const unseen = before?.isConnected && looksOf(before) === looks ? before.outerHTML.slice(0, 200) : null;
  const now = focusOf();
  window.hadFocus = now && [now, looksOf(now)];
  return { name: now?.dataset.testid ?? now?.tagName ?? null, unseen };
};
const still = document.createElement("style");
still.textContent = "* { transition: none !important; animation: none !important; }";
document.head.append(still);
"""
ALWAYS = ("home", "classifier", "cnn")
"""The pages that are gone through by every check: the others take a minute."""
MOST_STOPS = 400
PLAY_AT = 10
"""The Tab at which Play has the focus, at the latest."""
SPOKEN = """
window.spoken = [];
new MutationObserver(() => window.spoken.push(behind.part("spoken").innerText))
  .observe(behind.part("spoken"), { childList: true, characterData: true, subtree: true });
"""
HEARD = "window.spoken.at(-1)?.includes(it)"


def folder_of(row: Page) -> str:
    """What a page's test is called."""
    return row.folder


@pytest.mark.parametrize(
    "row", [row if row.folder in ALWAYS else pytest.param(row, marks=pytest.mark.long) for row in PAGES], ids=folder_of
)
def test_the_focus_is_seen_at_every_stop_and_play_is_among_the_first(person: Callable[..., Person], row: Page) -> None:
    screen = person().tab()
    page = screen.page
    page.goto(f"{screen.url}/{'' if row.folder == 'home' else row.url_path}")
    if row.experiment:
        screen.shown()
    page.wait_for_selector('[data-testid="stMain"] h1')
    screen.until(IDLE)
    page.evaluate(FOCUS)
    stops: list[str] = []
    unseen: list[str] = []
    while len(stops) < MOST_STOPS:
        page.keyboard.press("Tab")
        passed = screen.look("passOn()")
        unseen += filter(None, [passed["unseen"]])
        if passed["name"] is None:
            break
        stops.append(passed["name"])
    assert unseen == []
    assert 5 < len(stops) < MOST_STOPS
    if row.experiment:
        assert stops.index("play") < PLAY_AT, stops


def test_points_are_put_on_the_plane_by_keys(screen: Screen) -> None:
    keys = screen.page.keyboard
    place, tip = screen.part("place-run"), screen.part("plot-tip")
    screen.choose("Add points by clicking on the picture", "class 1")
    place.focus()
    expect(tip).to_contain_text("x1 = 0.00, x2 = 0.00")
    for key in ("Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowUp", "ArrowUp"):
        keys.press(key)
    expect(tip).to_contain_text("x1 = -3.00, x2 = 1.80")
    keys.press("Enter")
    expect(screen.page.get_by_text("Own points from a CSV (1 points now)")).to_be_visible()
    expect(place).to_be_focused()
    keys.press("Shift+ArrowUp")
    keys.press("Enter")
    expect(screen.page.get_by_text("Own points from a CSV (2 points now)")).to_be_visible()
    added = screen.look("behind.part('plot-run').data.at(-1)")
    assert (added["x"], added["y"]) == ([-3, -3], [1.8, 3.3])
    expect(place.locator("xpath=following-sibling::*")).to_contain_text("x1 = -3.00, x2 = 3.30; Predicted: class")


def test_a_digit_is_drawn_by_keys(person: Callable[..., Person]) -> None:
    screen = person().open("/cnn")
    keys = screen.page.keyboard
    pen, number = screen.part("pen"), screen.part("digit-number")
    pen.focus()
    keys.press("Shift+ArrowUp")
    expect(number).to_have_text("no. 1")
    keys.press("Space")
    expect(pen).to_have_attribute("aria-pressed", "true")
    for _time in range(3):
        keys.press("Shift+ArrowDown")
    expect(number).to_have_text("yours")
    answered(screen)
    assert says(screen).isdigit()
    drawn = screen.look("behind.pixels('.tp-pad')")
    keys.press("Space")
    keys.press("ArrowRight")
    answered(screen)
    assert screen.look("behind.pixels('.tp-pad')") == drawn, "a pen that is up draws nothing"
    keys.press("Delete")
    screen.until("behind.pixels('.tp-pad') !== it", drawn)
    assert screen.look("behind.status()") == "idle", "Space was the pen's"


def test_space_pauses_from_a_slider_of_the_settings(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?num_steps=50000")
    screen.play()
    screen.page.get_by_test_id("stSidebar").get_by_role("slider", name="Learning rate").focus()
    screen.page.keyboard.press("Space")
    screen.status("paused")


def test_one_line_tells_how_the_training_stands_and_no_more(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?num_steps=4000")
    screen.look(f"{{ {SPOKEN} }}")
    screen.play(speed=30)
    screen.until(HEARD, "Training.")
    told = len(screen.look("spoken"))
    screen.reach(screen.step + 20)
    assert len(screen.look("spoken")) == told, "steps alone are no news"
    screen.press("play")
    screen.until(HEARD, "Paused.")
    screen.part("speed").select_option("0")
    screen.press("play")
    screen.status("finished")
    screen.until(HEARD, "Finished")
    assert screen.look("spoken.at(-1)").startswith("Step 4,000 / 4,000")
    silent = screen.page.locator("[data-testid=live-view] :is(output, [role=status]):not([aria-live=off])")
    expect(silent).to_have_count(1)
