"""One person more than the server takes, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.app import App
from tests.browser.conftest import Person

LIMITS = {"TORCH_PLAYGROUND_PEOPLE": "1", "TORCH_PLAYGROUND_PLACE_SECONDS": "0"}


@pytest.fixture
def small_app(tmp_path: Path) -> Iterator[App]:
    """A server with one place."""
    made = App(tmp_path, environment=LIMITS)
    yield made
    made.end()


def test_play_says_so_at_once_and_can_be_pressed_again(small_app: App, person: Callable[..., Person]) -> None:
    first = person(small_app.url)
    first.open()
    second = person(small_app.url).open()
    second.press("play")
    sentence = second.page.get_by_text("This server is full: one person is on it")
    expect(sentence).to_be_visible()
    second.status("idle")
    second.press("step")
    second.status("idle")
    expect(sentence).to_be_visible()
    first.leave()
    first.pages.clear()

    def plays() -> bool:
        second.press("play")
        return bool(second.until("behind.run() ? 'run' : behind.status() === 'idle' && 'refused'") == "run")

    while not plays():
        pass
    second.reach(1)
    expect(sentence).to_have_count(0)
