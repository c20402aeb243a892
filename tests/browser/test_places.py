"""Where things stand: Play and the picture stay in sight, and nothing stands over anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Person
from tests.browser.screen import Screen, redrawn, settles
from tests.waiting import until

MAIN = "document.querySelector('[data-testid=stMain]')"
WIDTHS = [(1280, 800), (1440, 900), (1600, 900), (1920, 1080)]
TRAINING = ["classifier", "cnn", "vgg", "build", "rnn", "rnn_digits"]
WIDEST_LINE = 580
"""Pixels: some 75 characters of the lessons' letters."""
HEADER = "[data-testid=stHeader]"
PICTURE = ".tp-picture"
READING = ".st-key-reading"
SHEET = "[data-testid=stSidebar]"

Box = dict[str, float]


def box(screen: Screen, selector: str) -> Box:
    """Where something stands in the window: left, top, right, bottom."""
    found: Box = screen.page.locator(selector).first.evaluate(
        "(node) => { const { left, top, right, bottom } = node.getBoundingClientRect(); "
        "return { left, top, right, bottom }; }"
    )
    return found


def scroll(screen: Screen, to: int) -> None:
    """Scroll the page, once it is long enough."""
    screen.until(f"({MAIN}.scrollTo(0, it), Math.abs({MAIN}.scrollTop - it) < 2)", to)


def is_reached(screen: Screen, name: str) -> bool:
    """Whether a press on the middle of a part would reach it: it is in the window and nothing is over it."""
    reached: bool = screen.part(name).evaluate(
        """(node) => {
            const { left, top, width, height } = node.getBoundingClientRect();
            return node.contains(document.elementFromPoint(left + width / 2, top + height / 2));
        }"""
    )
    return reached


def window(person: Callable[..., Person], size: tuple[int, int], path: str = "/classifier", **options: Any) -> Screen:
    """A page in a window of that size."""
    return person(viewport={"width": size[0], "height": size[1]}, **options).open(path)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("size", WIDTHS)
def test_play_stays_in_reach_while_one_reads(person: Callable[..., Person], size: tuple[int, int]) -> None:
    screen = window(person, size)
    expect(screen.page.locator(READING)).to_be_visible()
    for place in (0, 500, 1500):
        scroll(screen, place)
        until(lambda: is_reached(screen, "play"))
        assert box(screen, ".tp-bar")["top"] >= box(screen, HEADER)["bottom"] - 1
    screen.play(speed=30)
    scroll(screen, 0)
    until(lambda: is_reached(screen, "play"))
    settles(lambda: box(screen, ".tp-bar")["bottom"] > box(screen, ".tp-banner")["top"] + 1)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("size", [size for size in WIDTHS if size[0] >= 1600])
@pytest.mark.parametrize("folder", TRAINING)
def test_in_a_wide_window_the_lesson_stands_beside_the_picture(
    person: Callable[..., Person], size: tuple[int, int], folder: str
) -> None:
    screen = window(person, size, f"/{folder}")
    expect(screen.page.locator(READING)).to_be_visible()
    for place in (0, 700):
        scroll(screen, place)
        picture, reading = box(screen, ".tp-live"), box(screen, READING)
        assert picture["right"] <= reading["left"]
        assert box(screen, HEADER)["bottom"] - 1 <= picture["top"]
        assert box(screen, PICTURE)["bottom"] <= size[1]
    screen.fits(".tp-live canvas, .tp-live button, .tp-live figure")


def test_the_picture_grows_with_the_window(person: Callable[..., Person]) -> None:
    side = {}
    for size in ((1280, 800), (1400, 1050), (1600, 900), (1920, 1080)):
        screen = window(person, size)
        boundary = box(screen, ".tp-boundary")
        side[size[0]] = boundary["right"] - boundary["left"]
        assert box(screen, ".tp-time")["bottom"] <= size[1], "the whole view is on the first screen"
        assert box(screen, ".tp-curves")["left"] >= boundary["right"]
    assert 340 <= side[1280] < side[1400], "alone"
    assert side[1280] <= side[1600] < side[1920], "beside the lesson"
    assert side[1920] >= 1.3 * side[1280]
    screen = window(person, (1280, 1050))
    screen.page.set_viewport_size({"width": 1280, "height": 720})
    lower = "(side) => Math.abs(document.querySelector('.tp-boundary').getBoundingClientRect().width - side) < 60"
    screen.page.wait_for_function(lower, arg=side[1280])
    for part in (PICTURE, ".tp-curves"):
        assert box(screen, part)["bottom"] <= box(screen, ".tp-time")["top"], "lower than before, and nothing over it"


@pytest.mark.one_in(2)
@pytest.mark.parametrize("size", WIDTHS)
def test_lines_are_not_too_long_to_read(person: Callable[..., Person], size: tuple[int, int]) -> None:
    screen = window(person, size)
    screen.section("Lesson")
    lines = screen.page.locator(f"{READING} .stMarkdown p, {READING} .stMarkdown li")
    until(lambda: lines.count() > 5)
    widths = lines.evaluate_all("(nodes) => nodes.map((node) => node.getBoundingClientRect().width)")
    assert max(widths) <= WIDEST_LINE


@pytest.mark.one_in(2)
@pytest.mark.parametrize("folder", TRAINING)
def test_on_a_phone_the_picture_is_in_sight_above_the_settings(person: Callable[..., Person], folder: str) -> None:
    screen = person(**PHONE).open(f"/{folder}")
    scroll(screen, 900)
    until(lambda: is_reached(screen, "play"))
    screen.page.get_by_test_id("stExpandSidebarButton").click()
    settles(lambda: box(screen, SHEET)["top"] < box(screen, ".tp-bar")["bottom"] - 1)
    picture, bar, sheet = (box(screen, part) for part in (PICTURE, ".tp-bar", SHEET))
    assert 0 <= picture["top"] < picture["bottom"] <= bar["top"] + 1
    assert bar["bottom"] <= sheet["top"] + 1
    assert sheet["right"] - sheet["left"] == 390
    until(lambda: is_reached(screen, "play"))
    slider = screen.page.get_by_test_id("stSidebar").get_by_role("slider").first
    with redrawn(screen.page):
        slider.press("ArrowRight")
    assert box(screen, PICTURE) == picture
    screen.part("play").tap()
    screen.reach(1)
    assert box(screen, PICTURE) == picture, "what stands above the sheet can be used without closing it"
    screen.page.get_by_test_id("stSidebarCollapseButton").locator("button").click()
    settles(lambda: box(screen, ".tp-bar")["top"] > 100)


def test_on_a_phone_the_sheet_closes_when_a_page_is_chosen_in_it(person: Callable[..., Person]) -> None:
    screen = person(**PHONE).open("/cnn")
    screen.page.get_by_test_id("stExpandSidebarButton").tap()
    screen.page.get_by_test_id("stSidebarNavLink").filter(has_text="1 · Classifier").tap()
    expect(screen.page.get_by_test_id("stSidebar")).to_be_hidden()
    screen.shown()
    expect(screen.page.get_by_test_id("stSidebar")).to_be_hidden()


def test_presenting_leaves_the_settings_out_and_makes_text_large(person: Callable[..., Person]) -> None:
    screen = person().open()
    text = screen.page.locator(f"{READING} .stMarkdown p").first
    expect(text).to_be_visible()
    size = "parseFloat(getComputedStyle(document.querySelector('.st-key-reading .stMarkdown p')).fontSize)"
    plain = screen.look(size)
    button = screen.part("presenting")
    expect(screen.page.get_by_test_id("stSidebar")).to_be_visible()
    expect(button).to_be_visible()  # before that nobody listens to the key
    screen.page.keyboard.press("p")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(screen.page.get_by_test_id("stSidebar")).to_be_hidden()
    assert screen.look(size) >= 1.25 * plain
    screen.until("parseFloat(getComputedStyle(behind.part('message')).fontSize) > 16")
    screen.fits(".tp-live button, .tp-live canvas")
    screen.reload()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(screen.page.get_by_test_id("stSidebar")).to_be_hidden()
    button.click()
    expect(screen.page.get_by_test_id("stSidebar")).to_be_visible()
    expect(text).to_be_visible()
    assert screen.look(size) == plain


def test_who_types_a_p_does_not_present(screen: Screen) -> None:
    screen.page.get_by_text("Own points from a CSV").click()
    area = screen.page.get_by_role("textbox", name="Paste a CSV")
    area.fill("")
    area.press("p")
    expect(area).to_have_value("p")
    expect(screen.part("presenting")).to_have_attribute("aria-pressed", "false")


def test_what_is_to_be_known_of_a_run_moves_nothing(person: Callable[..., Person]) -> None:
    me = person()
    screen = me.open("/rnn")
    expect(screen.page.get_by_role("radiogroup", name="Sections")).to_be_visible()
    before = box(screen, ".tp-live")["top"], box(screen, READING)["top"]
    screen.open("/rnn?dropout=0.5&num_layers=1")
    expect(screen.part("message")).to_contain_text("Dropout acts between two layers")
    expect(screen.page.get_by_role("radiogroup", name="Sections")).to_be_visible()
    assert (box(screen, ".tp-live")["top"], box(screen, READING)["top"]) == before


ORDER = """
window.order = [];
const marks = {
  picture: "[data-testid=plot-run] .points path",
  settings: "[data-testid=stSidebar] [data-testid=stSlider]",
};
const look = () => {
  for (const [name, selector] of Object.entries(marks))
    if (!window.order.includes(name) && document.querySelector(selector)) window.order.push(name);
  requestAnimationFrame(look);
};
look();
"""


def test_a_page_shows_its_picture_before_its_settings(person: Callable[..., Person]) -> None:
    tab = person().tab()
    tab.page.add_init_script(ORDER)
    tab.open()
    tab.until("order.includes('settings')")
    assert tab.look("order") == ["picture", "settings"]


TOPS = """
window.tops = [];
const look = () => {
  const top = document.querySelector(SELECTOR)?.getBoundingClientRect().top;
  if (top !== undefined && window.tops.at(-1) !== Math.round(top)) window.tops.push(Math.round(top));
  requestAnimationFrame(look);
};
look();
"""


@pytest.mark.parametrize(
    ("page", "setting"), [("cnn", ".st-key-cnn-device"), ("build", ".st-key-build-dataset")], ids=["cnn", "build"]
)
def test_what_loads_later_moves_no_setting(person: Callable[..., Person], page: str, setting: str) -> None:
    tab = person().tab()
    tab.page.add_init_script(TOPS.replace("SELECTOR", repr(setting)))
    tab.open(f"/{page}")
    expect(tab.page.get_by_test_id("stSidebar").get_by_role("slider", name="Learning rate")).to_be_visible()
    tab.until("tops.length")
    tops = tab.look("tops")
    assert max(tops) - min(tops) <= 4, "the slider has 44 px, a network's list some 400; its rows' heights are rounded"
