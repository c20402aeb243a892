"""Every page in Firefox and in WebKitGTK, and what a learner does first on each that trains."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.experiments import experiment
from pages.index import PAGES, Page
from tests.browsers.tab import Tab

pytestmark = pytest.mark.long

TRAINING = [row for row in PAGES if row.experiment]
DRAWN = "behind.part('live-view') && behind.pixels() !== 0"
"""The live view has a picture."""
NOT_OURS = ("Invalid value for <svg> attribute",)
"""What Streamlit's own scripts say in WebKit."""


def longest(row: Page) -> str:
    """The address of a page whose run does not end by itself while it is looked at."""
    assert row.experiment is not None
    fields = experiment(row.experiment).config.model_fields
    name = "num_epochs" if "num_epochs" in fields else "num_steps"
    most = next(bound.le for bound in fields[name].metadata if hasattr(bound, "le"))
    return f"/{row.url_path}?{name}={most}"


def faults(tab: Tab) -> list[str]:
    """What went wrong in the page, but for what is Streamlit's own."""
    return [fault for fault in tab.faults() if not any(known in fault for known in NOT_OURS)]


def test_every_page_opens_without_a_fault(tab: Tab, record_property: Callable[[str, object], None]) -> None:
    wrong = {}
    for row in PAGES:
        tab.open("/" if row.folder == "home" else f"/{row.url_path}")
        tab.until("document.querySelector('h1')")
        if row.experiment:
            tab.until(DRAWN)
        headings = tab.look("[...document.querySelectorAll('h1')].map((node) => node.innerText.trim())")
        exceptions = tab.look("document.querySelectorAll('[data-testid=stException]').length")
        if faults(tab) or exceptions or not any(headings):
            wrong[row.folder] = (headings, exceptions, faults(tab))
    record_property("browser", tab.wire.browser)
    record_property("pages", len(PAGES))
    assert wrong == {}


@pytest.mark.parametrize("row", TRAINING, ids=[row.folder for row in TRAINING])
def test_a_run_plays_pauses_and_is_found_again(tab: Tab, row: Page) -> None:
    tab.open(longest(row))
    tab.until(DRAWN)
    first = tab.look("behind.pixels()")
    tab.click("[data-testid=play]")
    run = tab.until("behind.run()")
    tab.until(f"behind.step() >= 3 && behind.pixels() !== {first}")
    tab.click("[data-testid=play]")
    tab.until("behind.status() === 'paused' && behind.connection().current.step === behind.step()")
    tab.look("void requestAnimationFrame(() => requestAnimationFrame(() => { window.drawn = true }))")
    tab.until("window.drawn")
    step, pixels = tab.look("[behind.step(), behind.pixels()]")
    tab.reload()
    tab.until(f"behind.run() === '{run}' && behind.step() === {step} && behind.pixels() === {pixels}")
    assert tab.look("behind.status()") == "paused"
    tab.click("[data-testid=play]")
    tab.until(f"behind.step() > {step}")
    assert faults(tab) == []


def test_a_row_of_the_build_page_is_dragged_by_its_grip(tab: Tab) -> None:
    first = ["Conv2d", "ReLU", "MaxPool2d", "Conv2d", "ReLU", "Flatten", "Linear"]
    dragged = ["MaxPool2d", "Conv2d", "ReLU", "Conv2d", "ReLU", "Flatten", "Linear"]
    blocks = (
        "[...document.querySelectorAll('.tp-block-head code')].map((code) => code.textContent.split('(')[0]).join()"
    )
    tab.open("/build")
    tab.until(f"{blocks} === '{','.join(first)}'")
    grip = tab.middle("[data-testid=block-2] .tp-grip")
    x, y = tab.middle("[data-testid=block-0] .tp-block-head", scroll=False)
    tab.drag(grip, (x, y - 10))
    tab.until(f"{blocks} === '{','.join(dragged)}'")
    assert tab.look("document.querySelectorAll('.tp-block-form').length") == 0, "the drag is no click"
    tab.click("[data-testid=editor-undo]")
    tab.until(f"{blocks} === '{','.join(first)}'")
    assert faults(tab) == []
