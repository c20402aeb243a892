"""The RNN's page, driven as a learner does."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Person
from tests.browser.screen import Screen, redrawn


@pytest.fixture
def screen(person: Callable[..., Person]) -> Screen:
    """A new person's tab with the RNN."""
    return person().open("/rnn")


def test_learns_cos_from_sin_before_ones_eyes_and_a_refresh_loses_nothing(screen: Screen) -> None:
    before = {name: screen.look(f"behind.pixels('[data-testid={name}-run]')") for name in ("wave", "memory", "reach")}
    run = screen.play(speed=0)
    screen.status("finished")
    assert min(screen.look("behind.losses()")) < 0.01
    for name, pixels in before.items():
        screen.until(f"behind.pixels('[data-testid={name}-run]') !== it", pixels)
    screen.whole()
    screen.until("behind.part('wave-run').getAttribute('aria-label').includes('step 300')")
    expect(screen.part("epoch")).to_be_hidden()
    expect(screen.part("accuracy-plot")).to_have_count(0)
    now = screen.look("behind.pixels('[data-testid=wave-run]')")
    screen.part("time").press("Home")
    screen.until("behind.pixels('[data-testid=wave-run]') !== it", now)
    screen.reload()
    screen.status("finished")
    assert screen.run == run
    screen.whole()
    screen.section("Two forwards")
    screen.page.get_by_role("button", name="Measure on this machine").click()
    expect(screen.page.get_by_text("A forward and backward pass over 10 points")).to_be_visible()


def test_a_loss_that_rose_says_why(person: Callable[..., Person]) -> None:
    screen = person().open("/rnn?optimizer=SGD&lr=0.2&num_steps=26")  # grows from the start, on every processor
    screen.play(speed=0)
    screen.status("finished")
    expect(screen.part("message")).to_have_text(
        re.compile(r"^The loss is \S+ times what it was .* learning rate is 0\.2\.$")
    )


def test_three_cells_side_by_side(person: Callable[..., Person]) -> None:
    screen = person().open("/rnn?compare=true&num_steps=60")
    screen.play(speed=0)
    screen.status("finished")
    for lane in ("run", "LSTM", "GRU"):
        screen.until(f"behind.pixels('[data-testid=wave-{lane}]') !== 0")
        assert screen.look(f"behind.last('loss/train', '{lane}')") > 0
    pictures = {screen.look(f"behind.pixels('[data-testid=memory-{lane}]')") for lane in ("run", "LSTM", "GRU")}
    assert len(pictures) == 3
    for name in ("RNN", "LSTM", "GRU"):
        expect(screen.page.locator(".tp-plane-title").get_by_text(name, exact=True)).to_be_visible()


def test_without_detach_the_error_is_shown_and_the_correct_run_goes_on(screen: Screen) -> None:
    screen.section("Bugs")
    screen.page.get_by_role("button", name="no detach", exact=True).click()
    screen.until("behind.part('live-view').dataset.lanes === '2'")
    screen.play(speed=0)
    screen.status("failed")
    expect(screen.part("message")).to_contain_text("at step 2: Trying to backward through the graph a second time.")
    expect(screen.part("message")).to_contain_text("The correct run continued.")
    screen.until("behind.connection().history.correct['loss/train'].step.at(-1) === 300")
    assert screen.steps == [1]
    first = screen.until(
        "behind.connection().current.facts.first.correct[0] === 300 && behind.connection().current.facts.first"
    )
    assert first["run"] == [2] and first["correct"] == [300], "each lane shows the windows after its own step"


def test_goes_on_by_itself_once_it_predicts_the_next_point(person: Callable[..., Person], screen: Screen) -> None:
    screen.press("tab-free")
    expect(screen.part("free-excuse")).to_contain_text("the next point")
    screen.press("free-remedy")
    screen.reach(1)
    expect(screen.part("free-excuse")).to_be_hidden()
    expect(screen.page.get_by_role("combobox", name="Predict")).to_have_value("the next point")

    screen = person().open("/rnn?predict=next")
    screen.press("tab-free")
    screen.until("behind.part('wave-run').closest('figure').dataset.part === 'free'")
    before = screen.look("behind.pixels('[data-testid=wave-run]')")
    screen.play(speed=0)
    screen.status("finished")
    screen.until("behind.pixels('[data-testid=wave-run]') !== it", before)
    expect(screen.part("free-excuse")).to_be_hidden()
    assert screen.look("behind.connection().current.facts.part") == "free"


def test_own_formula_and_own_series_and_what_is_none(person: Callable[..., Person]) -> None:
    screen = person().open("/rnn?signal=formula")
    box = screen.page.get_by_role("textbox", name="Formula in t")
    box.fill("sin(t) + os")
    box.press("Enter")
    expect(screen.page.get_by_text("“os” can't be used in this formula.")).to_be_visible()
    expect(screen.part("message").get_by_text("Not all settings can be used")).to_be_visible()
    before = screen.look("behind.pixels('[data-testid=wave-run]')")
    box.fill("sin(t) * cos(t/2)")
    box.press("Enter")
    expect(screen.page.get_by_text("can't be used in this formula.")).to_have_count(0)
    screen.until("behind.pixels('[data-testid=wave-run]') !== it", before)

    screen.page.get_by_text("Own series from a CSV").click()
    upload = screen.page.get_by_test_id("stFileUploaderDropzoneInput")
    button = screen.page.get_by_role("button", name="Use this series")
    with redrawn(screen.page):
        upload.set_input_files({"name": "gap.csv", "mimeType": "text/csv", "buffer": b"1\n2\nfour\n"})
    expect(screen.page.get_by_text("gap.csv")).to_be_visible()
    button.click()
    expect(screen.page.get_by_text("Line 3: “four” is not a number.")).to_be_visible()
    numbers = "\n".join(str(100 + 10 * (day % 7)) for day in range(100)).encode()
    with redrawn(screen.page):
        upload.set_input_files({"name": "week.csv", "mimeType": "text/csv", "buffer": numbers})
    expect(screen.page.get_by_text("week.csv")).to_be_visible()
    before = screen.look("behind.pixels('[data-testid=wave-run]')")
    button.click()
    expect(screen.page.get_by_text("Own series from a CSV (100 numbers now)")).to_be_visible()
    screen.until("behind.pixels('[data-testid=wave-run]') !== it", before)
    screen.play(speed=0)
    screen.status("finished")
    assert screen.look("behind.last('loss/train')") < 0.05


def test_fits_a_phone(person: Callable[..., Person]) -> None:
    screen = person(**{**PHONE, "locale": "zh-CN"}).open("/rnn?compare=true&lang=zh")
    screen.until("document.documentElement.scrollWidth <= 390")
    expect(screen.page.get_by_role("heading", name="RNN 与 LSTM")).to_be_visible()
    screen.play(speed=0)
    screen.reach(50)
    screen.until("document.documentElement.scrollWidth <= 390")
