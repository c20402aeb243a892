"""A page as a person sees and touches it, in any browser that WebDriver drives."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from tests.browser.screen import IDLE
from tests.browsers.wires import WebDriverError, Wire
from tests.waiting import until

PATIENCE = 240.0
"""Seconds to wait for what must happen: these browsers draw without a graphics card, beside what trains."""
FAULTS = """
window.faults = [];
addEventListener("error", (event) => {
  const { message, target } = event;
  const onlyAHint = target.rel === "modulepreload" || target.rel === "preload";
  const onlyLater = String(message).startsWith("ResizeObserver loop completed");  // it is told in the next frame
  if (!onlyAHint && !onlyLater) faults.push(message ?? `${target.outerHTML} was not loaded`);
}, true);
addEventListener("unhandledrejection", ({ reason }) => faults.push(`${reason?.stack ?? reason}`));
const sayError = console.error;
console.error = (...words) => {
  faults.push(words.join(" "));
  sayError(...words);
};
"""
"""Keeps what goes wrong in a page, from its first script on."""
MIDDLE = """
const node = document.querySelector(arguments[0]);
if (arguments[1]) node.scrollIntoView({ block: "center", behavior: "instant" });
const { left, top, width, height } = node.getBoundingClientRect();
return [Math.round(left + width / 2), Math.round(top + height / 2)];
"""

Place = tuple[int, int]


class Tab:
    """The one tab of a browser.

    Args:
        wire: what takes its commands.
        url: the address of the app.
    """

    def __init__(self, wire: Wire, url: str):
        self.wire = wire
        self.url = url
        self.wire.send("WebDriver:SetWindowRect", {"x": 0, "y": 0, "width": 1300, "height": 980})

    def open(self, path: str) -> None:
        """Go to an address of the app and wait until it is drawn."""
        self.wire.send("WebDriver:Navigate", {"url": self.url + path})
        self.until(f"window.faults && {IDLE}")

    def reload(self) -> None:
        """Refresh the page and wait until it is drawn again."""
        self.wire.send("WebDriver:Refresh", {})
        self.until(f"window.faults && {IDLE}")

    def run(self, script: str, *arguments: object) -> Any:
        """Run the body of a function in the page; returns what it returns."""
        return self.wire.send("WebDriver:ExecuteScript", {"script": script, "args": list(arguments)})

    def look(self, what: str) -> Any:
        """The value of an expression in the page, as it is now."""
        return self.run(f"return {what};")

    def until(self, condition: str) -> Any:
        """Wait for a condition in the page; returns its value."""

        def holds() -> Any:
            try:
                return self.look(condition)
            except WebDriverError:  # one page goes, another comes
                return None

        return until(
            holds, PATIENCE, lambda: (condition, self.look("window.faults"), self.look("document.body.innerText"))
        )

    def faults(self) -> list[str]:
        """What went wrong in the page since it was loaded."""
        said: list[str] = self.look("faults")
        return said

    def middle(self, selector: str, scroll: bool = True) -> Place:
        """Where the middle of a part is in the window, once it has been scrolled there."""
        x, y = self.run(MIDDLE, selector, scroll)
        return x, y

    def click(self, selector: str) -> None:
        """Click on the middle of a part."""
        self.until(f"document.querySelector('{selector}')")
        self._point([_move(self.middle(selector)), _DOWN, _UP])

    def drag(self, begin: Place, end: Place, steps: int = 8) -> None:
        """Drag from one place to another, over what is between them."""
        way = [
            tuple(round(a + (b - a) * step / steps) for a, b in zip(begin, end, strict=True))
            for step in range(1, steps + 1)
        ]
        self._point([_move(begin), _DOWN, *(_move((x, y)) for x, y in way), _UP])

    def _point(self, actions: list[dict[str, object]]) -> None:
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions}
        self.wire.send("WebDriver:PerformActions", {"actions": [mouse]})

    def picture(self, target: Path) -> None:
        """Write what is seen, as PNG."""
        target.write_bytes(base64.b64decode(self.wire.send("WebDriver:TakeScreenshot", {"full": False})))


_DOWN: dict[str, object] = {"type": "pointerDown", "button": 0}
_UP: dict[str, object] = {"type": "pointerUp", "button": 0}


def _move(place: Place) -> dict[str, object]:
    return {"type": "pointerMove", "x": place[0], "y": place[1], "duration": 20}
