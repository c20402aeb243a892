"""The laboratory of DataLoader as a person uses it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import App, children
from tests.browser.conftest import PHONE, Person
from tests.browser.screen import TRAINING, settles
from tests.waiting import until, until_gone


def lanes(page: Page) -> Any:
    return page.get_by_test_id("lanes")


def open_page(person: Person, path: str) -> Page:
    page = person.tab().page
    page.goto(person.url + path)
    expect(lanes(page)).to_be_visible()
    return page


def ink(page: Page, number: int) -> int:
    """How many colours the lanes of a setting show."""
    canvas = lanes(page).locator("canvas").nth(number)
    count: int = canvas.evaluate(
        """(canvas) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.buffer)).size;
        }"""
    )
    return count


def measuring(app: App) -> list[int]:
    """The process that measures, then its workers: it is the only one of this app's that starts others."""
    return [pid for up in app.started() if (below := children(up)) for pid in (up, *below)]


def test_measure_look_and_sweep(person: Callable[..., Person]) -> None:
    page = open_page(person(), "/loading?samples=64&batch_size=8&decode_ms=3&num_epochs=1&b.num_workers=2")
    expect(lanes(page).get_by_text("Nothing measured yet")).to_be_visible()
    box = lanes(page).bounding_box()
    assert box is not None and box["y"] + box["height"] <= 800, "the picture is on the first screen"
    blank = ink(page, 1)
    page.get_by_role("button", name="Measure A and B").click()
    expect(lanes(page)).to_have_attribute("data-status", "finished", timeout=TRAINING)
    expect(page.get_by_text("times as fast").or_(page.get_by_text("equally fast")).first).to_be_visible()
    until(lambda: ink(page, 1) > blank)
    figures = lanes(page).locator(".figures")
    expect(figures).to_have_count(2)
    expect(figures.nth(1)).to_contain_text("batches/s, training idle")
    canvas = lanes(page).locator("canvas").nth(1)
    area = canvas.bounding_box()
    assert area is not None
    seen: set[str] = set()
    for place in range(8, 60, 2):  # along the lane of worker 0
        page.mouse.move(area["x"] + 74 + (area["width"] - 90) * place / 100, area["y"] + area["height"] * 0.45)
        tip = lanes(page).locator(".tip:visible")
        if tip.count():
            seen.add(tip.inner_text())
    assert any("worker 0 · batch" in text and "fetching a batch" in text and text.endswith(" ms") for text in seen), (
        seen
    )
    page.mouse.move(area["x"] + 200, area["y"] + 8)
    page.mouse.down()
    page.mouse.move(area["x"] + 400, area["y"] + 8, steps=4)
    page.mouse.up()
    whole = lanes(page).get_by_role("button", name="Show all")
    expect(whole).to_be_visible()
    whole.click()
    expect(whole).to_be_hidden()
    page.get_by_role("button", name="Every number of workers").click()
    sweep = page.get_by_test_id("sweep")
    expect(sweep.locator(".bar u")).to_have_count(14, timeout=TRAINING)
    expect(lanes(page)).to_have_attribute("data-status", "finished", timeout=TRAINING)


def test_killed_or_left_nothing_stays(own_app: App, person: Callable[..., Person], tmp_path: Path) -> None:
    someone = person(own_app.url)
    page = open_page(someone, "/loading?samples=2048&decode_ms=20&num_workers=2&compare=false")
    for end in ("killed", "left"):
        page.get_by_role("button", name="Measure").first.click()
        expect(lanes(page)).to_have_attribute("data-status", "running", timeout=TRAINING)
        expect(lanes(page).locator(".hint")).to_have_text("", timeout=TRAINING)  # the first batches are there
        until(lambda: len(measuring(own_app)) == 3, state=lambda: measuring(own_app))
        started = measuring(own_app)
        if end == "killed":
            os.kill(started[1], signal.SIGKILL)
            expect(page.get_by_text("PyTorch says: DataLoader worker")).to_be_visible(timeout=TRAINING)
        else:
            page.close()
        until_gone(started)


@pytest.mark.long
def test_on_a_phone_and_what_comes_next(person: Callable[..., Person]) -> None:
    page = open_page(person(**PHONE), "/loading?samples=32&decode_ms=1&num_epochs=1")
    for path in ("/loading", "/next"):
        page.goto(page.url.split("/loading")[0] + path)
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
        expect(page.get_by_role("radiogroup").or_(page.get_by_role("group")).first).to_be_visible()
        settles(lambda: page.evaluate("document.documentElement.scrollWidth > 390"))
    page.get_by_text("7 · RNN → attention").click()
    expect(page.get_by_text("every item looks at all others at once")).to_be_visible()
    page.get_by_role("button", name="Run it here").click()
    expect(page.get_by_text("It has finished.")).to_be_visible(timeout=TRAINING)
    expect(page.get_by_text("accuracy on new sequences 100%").first.or_(page.get_by_text("step 600"))).to_be_visible()
