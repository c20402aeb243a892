"""One person more than the server takes, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.app import App
from tests.browser.conftest import PHONE, Person
from tests.browser.screen import IDLE

MOST_ON_A_PHONE = 60
"""Pixels of the banner: three lines, and a longer sentence opens over what is below."""
LIMITS = {"TORCH_PLAYGROUND_PEOPLE": "1", "TORCH_PLAYGROUND_PLACE_SECONDS": "0"}


SENTENCE = "This server is full: one person is on it"
PLACES = """(() => {
  let shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) shift += entry.value;
  }).observe({ type: "layout-shift", buffered: false });
  const parts = ["play", "step", "loss-plot", "time", "message"].map((name) => behind.part(name));
  const top = (part) => part.getBoundingClientRect().top;  // below the title: a phone may have scrolled
  window.moved = () => ({ shift, tops: parts.map((part) => top(part) - top(document.querySelector("h1"))) });
  window.message_of = () => {
    const sentence = behind.part("message");
    return { height: sentence.parentElement.offsetHeight, hidden: sentence.scrollHeight - sentence.clientHeight };
  };
  return window.moved();
})()"""


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
    sentence = second.part("message").filter(has_text=SENTENCE)
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


@pytest.mark.parametrize("screen", [{}, PHONE], ids=["1280", "390"])
def test_it_is_said_before_and_nothing_moves_when_play_is_refused(
    small_app: App, person: Callable[..., Person], screen: dict[str, Any]
) -> None:
    person(small_app.url).open()
    second = person(small_app.url, **screen).open("/classifier?nonsense=1")
    message = second.part("message")
    expect(message).to_contain_text(SENTENCE)
    expect(second.page.get_by_text("There is no setting")).to_be_visible()
    second.until(IDLE)
    before = second.look(PLACES)
    after = []
    for button in ("play", "step"):
        second.press(button)
        second.until("behind.part('message').parentElement.dataset.kind === 'warning' && behind.status() === 'idle'")
        expect(message).to_contain_text(SENTENCE)
        after.append(second.look("window.moved()"))
    if screen:
        assert second.look("message_of().height") <= MOST_ON_A_PHONE
        message.click()
        second.until("message_of().hidden <= 1")
        after.append(second.look("window.moved()"))
    assert [places["tops"] for places in after] == [before["tops"]] * len(after)
    assert after[-1]["shift"] < 0.001, "on a phone the sentence moves in its banner; a page that moves by it has 0.03"
