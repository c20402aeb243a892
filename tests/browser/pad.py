"""Drawing digits in the browser, and what the network says of them."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.screen import Screen
from tests.browser.strokes import Stroke


def draw(screen: Screen, strokes: list[Stroke]) -> None:
    """Draw on the emptied pad with the mouse, and wait until the picture shows what the network says of it."""
    screen.press("clear-pad")
    box = screen.part("pad").bounding_box()
    assert box is not None
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        screen.page.mouse.move(*points[0])
        screen.page.mouse.down()
        for point in points[1:]:
            screen.page.mouse.move(*point)
        screen.page.mouse.up()
    answered(screen)


def answered(screen: Screen) -> None:
    """Wait until the picture answers what was last asked of it."""
    expect(screen.page.locator(".tp-panes")).to_have_attribute("aria-busy", "false")


def says(screen: Screen, lane: str = "run") -> str:
    """The class that the network says."""
    match = re.match(r"Says (\S+),", screen.part(f"verdict-{lane}").inner_text())
    assert match is not None
    return match[1]
