"""A page as a person sees it in a browser, and what a test may look up behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import Locator, Page, WebSocket, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.index import PAGES
from tests.waiting import until

PATIENCE = 60_000
"""Milliseconds to wait for something that must happen, on a slow machine that is busy with much else."""
TRAINING = 300_000
"""Milliseconds to wait for a training or a measurement there."""

POLLING = 50
"""Milliseconds between two looks at a condition: a look at every frame would take the processor from what is seen."""
ENDS = ("finished", "stopped", "diverged", "failed")
"""Statuses that come at the end of a training."""

GROUPS = {"train": "Train", "inside": "Look inside", "tools": "Tools"}
"""What the navigation calls the groups of pages."""

IDLE = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
"""Streamlit has drawn the whole page."""

BEHIND = """
window.behind = {
  part: (name) => document.querySelector(`[data-testid="${name}"]`),
  status: () => behind.part("live-view")?.dataset.status,
  step: () => Number(behind.part("step-count")?.dataset.step ?? -1),
  connections: () => [...(window[Symbol.for("torch-playground.connections")]?.values() ?? [])],
  connection: () => behind.connections().find(({ holders }) => holders > 0),
  run: () => behind.part("live-view")?.dataset.run || null,
  steps: () => behind.connection()?.history.run?.["loss/train"]?.step ?? [],
  last: (name, lane = "run") => behind.connection()?.history[lane]?.[name]?.value.at(-1),
  losses: () => behind.connection()?.history.run?.["loss/train"]?.value ?? [],
  nodes: () => [behind.part("live-view"), behind.part("plot-run"), document.querySelector(".tp-boundary")],
  // A number that changes with the picture's pixels.
  pixels: (selector = ".tp-boundary, .tp-strip-canvas, .tp-wave-canvas, .tp-reading") => {
    const canvas = document.querySelector(selector) ?? document.querySelector(".tp-picture canvas");
    if (!canvas?.width) return 0;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Uint32Array(data.buffer).reduce((sum, pixel) => (Math.imul(sum, 31) + pixel) | 0, 0);
  },
  colours: (selector) => {
    const canvas = document.querySelector(selector);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  },
  // Keeps in window.messages what the banner says from now on, however short.
  watchMessages: () => {
    const banner = behind.part("message");
    window.messages = [banner.textContent];
    new MutationObserver(() => window.messages.push(banner.textContent))
      .observe(banner, { childList: true, characterData: true, subtree: true });
  },
  // Milliseconds from the next click to the first picture with other pixels.
  timeToMove: () => {
    const before = behind.pixels();
    window.moved = new Promise((resolve) => {
      addEventListener("click", () => {
        const start = performance.now();
        const look = () => {
          if (behind.pixels() !== before) resolve(performance.now() - start);
          else requestAnimationFrame(look);
        };
        look();
      }, { capture: true, once: true });
    });
  },
};
"""


talks: WeakKeyDictionary[Page, WebSocket] = WeakKeyDictionary()
"""What each tab and the server say to each other."""


def listen(page: Page) -> None:
    """Know from now on when the server answers this tab."""

    def opened(socket: WebSocket) -> None:
        if socket.url.endswith("/_stcore/stream"):
            talks[page] = socket

    page.on("websocket", opened)


def ended(said: str | bytes) -> int | None:
    """How a run of the page's script ended, if this is what the server says."""
    message = ForwardMsg.FromString(said) if isinstance(said, bytes) else ForwardMsg()
    return message.script_finished if message.WhichOneof("type") == "script_finished" else None


@contextmanager
def redrawn(page: Page, fragment: bool = False) -> Iterator[None]:
    """Wait until the server has drawn the page again for the one thing that is done meanwhile.

    A Streamlit widget shows its new value before the server knows of it, and until the answer is there the page has the
    buttons and the words of the old one.

    Args:
        page: the tab.
        fragment: whether what is touched draws only a part of the page again.
    """
    ends = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY if fragment else ForwardMsg.FINISHED_SUCCESSFULLY
    page.wait_for_function(IDLE, polling=POLLING)
    with talks[page].expect_event("framereceived", lambda said: ended(said) == ends, timeout=PATIENCE):
        yield
    page.wait_for_function(IDLE, polling=POLLING)


def choose(radio: Locator) -> None:
    """Choose one of a row of buttons, and wait for what it brings."""
    if not radio.is_checked():
        with redrawn(radio.page):
            radio.click()
    expect(radio).to_be_checked(timeout=PATIENCE)


def settles(look: Callable[[], object]) -> None:
    """Wait until there is nothing to find fault with: a page may still be taking its place."""
    until(lambda: not look(), state=look)


class Screen:
    """One tab of a browser with a training page."""

    def __init__(self, page: Page, url: str):
        self.page = page
        self.url = url

    # Where to

    def open(self, path: str = "/classifier") -> Screen:
        """Go to an address of the app and wait for the live view."""
        self.page.goto(self.url + path)
        return self.shown()

    def shown(self) -> Screen:
        """Wait until the live view has drawn its picture."""
        expect(self.part("live-view")).to_be_visible(timeout=PATIENCE)
        self.until("behind.pixels() !== 0 && (!behind.part('plot-run') || !!behind.part('plot-run')._fullLayout)")
        return self

    def reload(self) -> Screen:
        """Refresh the tab."""
        self.page.reload()
        return self.shown()

    def navigate(self, name: str) -> None:
        """Go to another page by the navigation: by a link in sight, or one in a group."""
        bar = self.page.get_by_test_id("stTopNav")
        expect(bar.get_by_role("button").first).to_be_visible()
        row = next(row for row in PAGES if row.title == name)
        if row.group:
            bar.get_by_role("button", name=GROUPS[row.group]).click()
            self.page.get_by_role("menuitem", name=name).click()
        else:
            bar.get_by_role("link", name=name).click()

    # What is there

    def part(self, name: str) -> Locator:
        """A part of the live view by its test id."""
        return self.page.get_by_test_id(name)

    def until(self, condition: str, argument: Any = None, timeout: float = PATIENCE) -> Any:
        """Wait for a condition in the page; returns its value."""
        waiting = self.page.wait_for_function(f"(it) => {condition}", arg=argument, timeout=timeout, polling=POLLING)
        return waiting.json_value()

    def look(self, what: str) -> Any:
        """The value of a JavaScript expression in the page, as it is now."""
        return self.page.evaluate(f"() => {what}")

    @property
    def step(self) -> int:
        """The step shown."""
        step: int = self.look("behind.step()")
        return step

    @property
    def run(self) -> str | None:
        """The id of the run shown."""
        run: str | None = self.look("behind.run()")
        return run

    @property
    def steps(self) -> list[int]:
        """The steps of the loss curve."""
        steps: list[int] = self.look("behind.steps()")
        return steps

    def reach(self, step: int) -> None:
        """Wait until the run has come that far."""
        self.until("behind.step() >= it", step)

    def status(self, status: str) -> None:
        """Wait for a status: idle, starting, running, paused, finished, stopped, diverged, crashed."""
        self.until("behind.status() === it", status, TRAINING if status in ENDS else PATIENCE)

    def other_run(self, than: str | None) -> str:
        """Wait until another run is shown."""
        run: str = self.until("behind.run() && behind.run() !== it && behind.run()", than)
        return run

    def whole(self, steps: int = 1) -> None:
        """Wait until the loss curve has come to a step: it has every one exactly once."""
        # frames and the status may overtake the metrics
        shown = self.until("behind.steps().length >= it && behind.steps()", steps)
        assert shown == list(range(1, len(shown) + 1))

    def fits(self, selector: str) -> None:
        """Wait until the page is no wider than the window, and nothing of this kind sticks out to the right."""
        self.until("document.documentElement.scrollWidth <= innerWidth")
        beyond = f"""() => [...document.querySelectorAll("{selector}")]
            .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
            .map((node) => `${{node.tagName}}.${{node.className}}`.slice(0, 80))"""
        settles(lambda: self.page.evaluate(beyond))

    # What a person does

    def press(self, name: str) -> None:
        """Press a button of the play bar."""
        self.part(name).click()

    def play(self, speed: int | None = None) -> str:
        """Choose a speed, press Play and wait for the first step."""
        before = self.run
        if speed is not None:
            self.part("speed").select_option(str(speed))
        self.press("play")
        run = self.other_run(before)
        self.reach(1)
        return run

    def slide(self, label: str, key: str, times: int = 1) -> None:
        """Move a slider of the sidebar by the keyboard."""
        slider = self.page.get_by_test_id("stSidebar").get_by_role("slider", name=label)
        for _time in range(times):
            before = slider.get_attribute("aria-valuetext")
            with redrawn(self.page):
                slider.press(key)
            expect(slider).not_to_have_attribute("aria-valuetext", before or "")

    def choose(self, group: str, name: str) -> None:
        """Choose one of a row of buttons, and wait for what it brings."""
        choose(self.page.get_by_role("radiogroup", name=group).get_by_role("radio", name=name, exact=True))

    def section(self, name: str) -> None:
        """Open a section below the live view."""
        self.choose("Sections", name)

    def place(self, x: float, y: float, lane: str = "run") -> tuple[float, float]:
        """Where a point of the plane is on the screen."""
        self.part(f"plot-{lane}").scroll_into_view_if_needed()
        px, py = self.part(f"plot-{lane}").evaluate(
            """(graph, [x, y]) => {
                const { xaxis, yaxis } = graph._fullLayout;
                const box = graph.getBoundingClientRect();
                return [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)];
            }""",
            [x, y],
        )
        return px, py

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag over the plot from one point of the plane to another."""
        begin, finish = self.place(*start), self.place(*end)
        self.page.mouse.move(*begin)
        self.page.mouse.down()
        self.page.mouse.move((begin[0] + finish[0]) / 2, (begin[1] + finish[1]) / 2, steps=4)
        self.page.mouse.move(*finish, steps=4)
        self.page.mouse.up()

    def click_at(self, x: float, y: float) -> None:
        """Click on a point of the plane."""
        self.page.mouse.click(*self.place(x, y))

    @property
    def zoom(self) -> list[float]:
        """The range of the plot's axes."""
        ranges: list[float] = self.part("plot-run").evaluate(
            "({ _fullLayout: { xaxis, yaxis } }) => [...xaxis.range, ...yaxis.range]"
        )
        return ranges
