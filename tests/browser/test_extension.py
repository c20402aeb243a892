"""A seventh experiment that is not on the screen, put into a copy of the project and driven as a learner does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.app import App
from tests.browser.conftest import Person
from tests.extension.project import extended


@pytest.fixture
def extended_app(tmp_path: Path) -> Iterator[App]:
    """The server of the copy."""
    data = tmp_path / "data"
    data.mkdir()
    made = App(data, root=extended(tmp_path / "project"))
    yield made
    made.end()


def test_a_seventh_experiment_is_driven_like_the_others(person: Callable[..., Person], extended_app: App) -> None:
    screen = person(url=extended_app.url).open("/autoencoder?num_epochs=3")
    expect(screen.page.get_by_role("heading", name="An autoencoder on digits")).to_be_visible()
    before = screen.look("behind.pixels()")
    screen.until("behind.colours('[data-testid=code-run]') > 10")
    run = screen.play(speed=0)
    screen.until("behind.pixels() !== it", before)
    screen.status("finished")
    screen.whole()
    assert screen.look("behind.last('loss/test')") < 0.06
    expect(screen.part("code-run")).to_have_attribute("aria-label", re.compile("at step 240, test loss 0.0"))

    screen.reload()
    assert screen.run == run
    screen.section("Bugs")
    screen.page.get_by_role("button", name="no activation between the layers", exact=True).click()
    screen.until("behind.part('live-view').dataset.lanes === '2'")
    for lane in ("run", "correct"):
        screen.until(f"behind.pixels('[data-testid=code-{lane}]') !== 0")
