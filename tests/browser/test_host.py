"""The host of a server says something to everyone, and ends a run: its owner's open tab shows both by itself."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import HOST_KEY, Person

SAID = "We stop in *five* minutes: <b>save</b> $x$"


def test_the_host_reaches_an_open_tab(person: Callable[..., Person]) -> None:
    pupil, host = person().open("/classifier?num_steps=50000"), person().tab()
    page, board = pupil.page, host.page
    pupil.play()
    board.goto(f"{host.url}/host")
    board.locator("input[type=password]").fill(HOST_KEY)
    board.keyboard.press("Enter")
    rows = board.get_by_test_id("host-board").locator("tbody tr")
    expect(rows).to_have_count(1)
    board.get_by_label("exactly as you write it").fill(SAID)
    board.get_by_role("button", name="Show it to everyone").click()
    line = page.locator(".st-key-announcement")
    expect(line).to_contain_text(SAID)
    expect(line.locator("b, em, a, .katex")).to_have_count(0)
    board.get_by_role("button", name="Take it back").click()
    expect(line).to_have_count(0)
    rows.get_by_role("button").click()
    expect(page.get_by_test_id("message")).to_contain_text("Stopped by the host of this server.")
    expect(rows).to_have_count(0)
    stopped = pupil.step
    pupil.press("play")
    pupil.reach(stopped + 5)
