"""The network that reads row by row, driven as a learner does."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Person
from tests.browser.pad import answered, draw, says
from tests.browser.screen import Screen
from tests.browser.strokes import digits

READING = "behind.pixels('[data-testid=reading-run]')"


@pytest.fixture
def screen(person: Callable[..., Person]) -> Screen:
    """A new person's tab with the network that reads digits."""
    return person().open("/rnn_digits")


def point_at(screen: Screen, row: int, rows: int = 28, lane: str = "run") -> None:
    """Point at a row of the picture."""
    screen.part(f"reading-{lane}").focus()
    before = screen.part(f"verdict-{lane}").inner_text()
    box = screen.part(f"reading-{lane}").bounding_box()
    assert box is not None
    screen.page.mouse.move(box["x"] + 20, box["y"] + 17 + (row - 0.5) / rows * (box["height"] - 34))
    expect(screen.part(f"verdict-{lane}")).not_to_have_text(before)


def test_learns_to_read_before_ones_eyes_and_tells_what_it_would_say_after_each_row(screen: Screen) -> None:
    seven = next(strokes for label, strokes in digits() if label == 7)
    before = screen.look(READING)
    run = screen.play(speed=30)
    screen.until(f"{READING} !== it", before)
    draw(screen, seven)
    expect(screen.page.get_by_text("yours")).to_be_visible()
    screen.part("speed").select_option("0")
    screen.status("finished")
    assert screen.look("behind.last('accuracy/test')") > 0.9
    draw(screen, seven)
    assert says(screen) == "7"
    point_at(screen, 10)
    expect(screen.part("verdict-run")).to_contain_text("After row 10 of 28")
    screen.press("digit-next")
    expect(screen.page.get_by_text("no. 2")).to_be_visible()

    screen.reload()
    screen.status("finished")
    assert screen.run == run
    screen.whole()
    expect(screen.part("verdict-run")).to_have_attribute("data-right", "true")
    screen.until("behind.connection().current?.step === 960 && behind.connection().current.facts.label >= 0")
    said = screen.look(
        """(() => {
            const { data, shape } = behind.connection().current.arrays["run/probability"];
            return Array.from({ length: shape[0] }, (_, row) => {
                const own = data.subarray(row * shape[1], (row + 1) * shape[1]);
                return own.indexOf(Math.max(...own));
            });
        })()"""
    )
    for row in (3, 12, 27):
        point_at(screen, row)
        expect(screen.part("verdict-run")).to_have_text(re.compile(f"^After row {row} of 28: {said[row - 1]}, "))
    screen.page.keyboard.press("ArrowUp")
    expect(screen.part("verdict-run")).to_have_text(re.compile(f"^After row 26 of 28: {said[25]}, "))
    screen.page.mouse.move(5, 5)
    expect(screen.part("verdict-run")).to_have_text(re.compile(f"^Says {said[27]}, "))
    screen.press("read-run")
    expect(screen.part("verdict-run")).to_contain_text("After row")
    expect(screen.part("verdict-run")).to_have_text(re.compile(f"^Says {said[27]}, "))


@pytest.mark.long
def test_which_generator_made_this_wave(person: Callable[..., Person]) -> None:
    screen = person().open("/rnn_digits?dataset=waves&cell=GRU&num_epochs=6")
    expect(screen.part("pad")).to_be_hidden()
    screen.play(speed=0)
    screen.status("finished")
    assert screen.look("behind.last('accuracy/test')") > 0.9
    expect(screen.part("verdict-run")).to_have_text(re.compile(r"Says sine, .* It is sine\."))
    screen.press("digit-next")
    expect(screen.part("verdict-run")).to_have_text(re.compile(r"It is square\."))
    point_at(screen, 20, rows=40)
    expect(screen.part("verdict-run")).to_contain_text("After point 20 of 40")
    screen.press("tab-confusion")
    table = screen.part("confusion-run")
    expect(table.get_by_role("columnheader", name="saw")).to_be_visible()
    answered(screen)
    counts = table.evaluate("(table) => [...table.querySelectorAll('td')].map((cell) => Number(cell.textContent) || 0)")
    assert sum(counts) == 1000
    assert sum(counts[5 * kind] for kind in range(4)) / 1000 == pytest.approx(
        screen.look("behind.last('accuracy/test')")
    )


@pytest.mark.long
def test_three_cells_side_by_side(person: Callable[..., Person]) -> None:
    screen = person().open("/rnn_digits?compare=true&num_epochs=3")
    screen.play(speed=0)
    screen.status("finished")
    for lane in ("run", "RNN", "GRU"):
        screen.until(f"behind.pixels('[data-testid=reading-{lane}]') !== 0")
    assert screen.look("behind.last('accuracy/test', 'GRU')") > screen.look("behind.last('accuracy/test', 'RNN')") + 0.1
    for name in ("LSTM", "RNN", "GRU"):
        expect(screen.page.locator(".tp-plane-title").get_by_text(name, exact=True)).to_be_visible()


@pytest.mark.long
def test_a_bug_beside_the_correct_run(person: Callable[..., Person]) -> None:
    screen = person().open("/rnn_digits?num_epochs=6")
    screen.section("Bugs")
    screen.page.get_by_role("button", name="forgotten batch_first", exact=True).click()
    screen.until("behind.part('live-view').dataset.lanes === '2'")
    screen.play(speed=0)
    screen.status("finished")
    assert screen.look("behind.last('accuracy/test', 'correct')") > 0.8
    assert screen.look("behind.last('accuracy/test', 'run')") < 0.2
    screen.section("Code")
    expect(screen.page.get_by_text("batch_first=False").first).to_be_visible()


def test_fits_a_phone(person: Callable[..., Person]) -> None:
    screen = person(**{**PHONE, "locale": "zh-CN"}).open("/rnn_digits?compare=true&lang=zh")
    expect(screen.page.get_by_role("heading", name="LSTM：逐行读数字")).to_be_visible()
    screen.play(speed=30)
    for tab in ("mistakes", "confusion", "projection", "reading"):
        screen.press(f"tab-{tab}")
        screen.fits(".tp-live canvas, .tp-live button, .tp-live table")
