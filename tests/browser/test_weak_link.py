"""A weak link and a slow laptop: clicks show at once, and what nobody looks at isn't sent or drawn."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from statistics import median

import pytest

from tests.browser.conftest import Person
from tests.browser.screen import Screen

HOLD = """() => {
    const { socket } = behind.connection().transport;
    const { onmessage } = socket;
    const held = [];
    socket.onmessage = (event) => held.push(event);
    window.arrive = () => {
        socket.onmessage = onmessage;
        for (const event of held.splice(0)) socket.onmessage(event);
    };
}"""
"""From now on whatever the server says is on its way, until it arrives."""

AHEAD = 2
"""Frames the server sends before it hears that they are drawn."""


def turn(screen: Screen, state: str) -> None:
    """What a browser says when another tab comes to the front, or this one again."""
    screen.page.evaluate(
        """(state) => {
            Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


def test_pause_and_play_show_at_the_click_not_when_the_answer_comes(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?num_steps=20000")
    screen.play(speed=30)
    for shown, before, after in (("pausing", "running", "paused"), ("resuming", "paused", "running")):
        screen.page.evaluate(HOLD)
        screen.press("play")
        screen.status(shown)
        assert screen.look("behind.connection().status") == before
        screen.look("arrive()")
        screen.status(after)
    screen.whole()


def test_a_hidden_tab_gets_no_pictures_and_is_whole_in_front_again(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?num_steps=20000")
    screen.play(speed=30)
    screen.until("behind.steps().length > 0")
    turn(screen, "hidden")
    at, frames = screen.look("[behind.connection().step, behind.connection().received]")
    screen.until("behind.connection().step >= it", at + 45)
    assert screen.look("behind.connection().received") <= frames + AHEAD
    assert screen.look("behind.connection().history.run['loss/train'].step.at(-1)") < at + 45
    turn(screen, "visible")
    screen.until("behind.connection().received > it", frames + AHEAD)
    screen.reach(at + 45)
    screen.whole(at + 45)


@pytest.mark.long
def test_a_long_run_comes_thinned_and_zooming_brings_the_rest(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?num_steps=12000&layers=1&hidden=2")
    screen.play(speed=0)
    screen.status("finished")
    screen.reload()
    screen.until("behind.steps().at(-1) === 12000")
    assert len(screen.steps) < 5000
    screen.part("loss-plot").scroll_into_view_if_needed()
    box = screen.part("loss-plot").locator(".nsewdrag").first.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    screen.page.mouse.move(box["x"] + 0.4 * box["width"], middle)
    screen.page.mouse.down()
    screen.page.mouse.move(box["x"] + 0.45 * box["width"], middle, steps=5)
    with screen.page.expect_response(lambda answer: "/history?" in answer.url):
        screen.page.mouse.up()
    screen.until(
        """(() => {
            const [from, to] = behind.part("loss-plot")._fullLayout.xaxis.range;
            const shown = behind.steps().filter((step) => step >= from && step <= to);
            return shown.length > 300 && shown.every((step, i) => i === 0 || step === shown[i - 1] + 1);
        })()"""
    )


def test_a_slow_machine_passes_pictures_over_and_ends_with_the_last(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?num_steps=600")
    screen.look(
        """(() => {
            window.pictures = [];
            const views = window[Symbol.for("torch-playground.views.live")];
            const { picture } = views.get(behind.part("live-view").parentNode).view;
            const { draw } = picture;
            picture.draw = function (frame) {
                const begin = performance.now();
                while (performance.now() - begin < 60);  // a laptop that takes this long for one
                draw.call(this, frame);
                pictures.push({ step: frame.step, begin, end: performance.now() });
            };
        })()"""
    )
    screen.play(speed=30)
    screen.status("finished")
    screen.until("pictures.at(-1).step === 600")
    pictures = screen.look("pictures")
    rests = [after["begin"] - before["end"] for before, after in pairwise(pictures)]
    assert len(pictures) < 600
    assert median(rests) >= 59, "the page has as much time for a person as its pictures take"
    screen.until("behind.connection().drawn === behind.connection().received")
    screen.whole(600)
