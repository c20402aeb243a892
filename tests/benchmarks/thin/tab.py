"""A tab of Chromium, its processor slowed down if need be, that tells what it has drawn, when, and at what cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext

from tests.benchmarks.thin.clock import Clock
from tests.browser.app import App
from tests.browser.screen import BEHIND, IDLE, PATIENCE, POLLING, TRAINING

LOOP = 10_000_000
"""Turns of the loop that tells how slow the processor is."""
HOOKS = """
window.thin = {
  drawn: [],    // [milliseconds since 1970, step] of each picture once it is painted
  frames: [],   // the last ones that were drawn
  tasks: [],    // milliseconds of each long task
  curves: 0,    // how often the curves were drawn

  // Does something once what is drawn in this frame is painted.
  afterPaint: (act) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { port1.close(); act(); };
    port2.postMessage(null);
  },
  view: () => {
    const parent = behind.part("live-view").parentElement;
    return window[Symbol.for("torch-playground.views.live")].get(parent).view;
  },
  // From now on every picture is noted.
  watchPicture: () => {
    const { picture } = thin.view();
    const draw = picture.draw;
    thin.draw = (frame) => draw.call(picture, frame);
    picture.draw = (frame) => {
      thin.draw(frame);
      thin.frames = [...thin.frames.slice(-11), frame];
      thin.afterPaint(() => thin.drawn.push([Date.now(), frame.step]));
    };
  },
  watchTasks: () => {
    new PerformanceObserver((list) => thin.tasks.push(...list.getEntries().map(({ duration }) => duration)))
      .observe({ type: "longtask" });
  },
  // Counts how often the curves are drawn; with `still`, they and the picture are no longer drawn.
  watchCurves: (still) => {
    const { curves, picture } = thin.view();
    picture.draw = () => {};
    const { render } = Object.getPrototypeOf(curves);
    curves.render = still ? async () => {} : () => { thin.curves += 1; return render.call(curves); };
  },
  // Notes the next click, the first sign of it, and when the run's own answer is on the screen.
  watchPause: () => {
    const pause = (thin.pause = { clicked: null, sign: null, paused: null });
    const view = behind.part("live-view");
    const button = behind.part("play");
    const label = button.getAttribute("aria-label");
    addEventListener("click", ({ timeStamp }) => { pause.clicked = performance.timeOrigin + timeStamp; },
      { capture: true, once: true });
    const look = () => {
      const sign = view.dataset.status !== "running" || button.getAttribute("aria-label") !== label;
      const paused = view.dataset.status === "paused";
      thin.afterPaint(() => {
        if (sign) pause.sign ??= Date.now();
        if (paused) pause.paused ??= Date.now();
      });
      if (paused) observer.disconnect();
    };
    const observer = new MutationObserver(look);
    observer.observe(view, { attributes: true });
    observer.observe(button, { attributes: true });
  },
  // Draws the same pictures again, one an animation frame; without `draw` it only waits for as many.
  redraw: async (times, draw) => {
    for (let i = 0; i < times; i += 1) {
      await new Promise(requestAnimationFrame);
      if (draw) thin.draw(thin.frames[i % thin.frames.length]);
    }
  },
  loop: (turns) => {
    let sum = 1;
    for (let i = 0; i < turns; i += 1) sum = (Math.imul(sum, 31) + i) | 0;
    return sum;
  },
  // As if another tab was in front: a headless browser shows every tab.
  hidden: false,
  waiting: [],
  hide: (hidden) => {
    thin.hidden = hidden;
    document.dispatchEvent(new Event("visibilitychange"));
    if (!hidden) thin.waiting.splice(0).forEach((act) => requestAnimationFrame(act));
  },
};
Object.defineProperty(document, "visibilityState", { get: () => (thin.hidden ? "hidden" : "visible") });
Object.defineProperty(document, "hidden", { get: () => thin.hidden });
{
  const request = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (act) => (thin.hidden ? thin.waiting.push(act) && 0 : request(act));
}
"""


@dataclass(frozen=True)
class Pause:
    """Seconds from the click on Pause.

    Attributes:
        sign: to the first sign of it on the screen.
        paused: until the page shows that the run is paused.
        server: until the run was.
    """

    sign: float
    paused: float
    server: float


class Tab:
    """One tab with a training page.

    Args:
        context: the browser of one person.
        url: the app's address, or that of a link in front of it.
    """

    def __init__(self, context: BrowserContext, url: str):
        self.url = url
        self.page = context.new_page()
        self.page.add_init_script(BEHIND + HOOKS)
        self.devtools = context.new_cdp_session(self.page)
        self.page.goto(f"{url}/_stcore/health")  # so that the process of the page is there
        self.devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def open(self, path: str, patience: float = PATIENCE) -> None:
        """Open a training page and wait for its curves and for Streamlit."""
        self.page.goto(self.url + path, timeout=patience, wait_until="commit")
        self.until("behind.part('play')", patience)
        self.until(f"behind.part('loss-plot')?._fullLayout && {IDLE}", patience)

    def until(self, condition: str, patience: float = PATIENCE) -> None:
        """Wait for a condition in the page."""
        self.page.wait_for_function(f"() => {condition}", timeout=patience, polling=POLLING)

    def look(self, what: str) -> Any:
        """The value of a JavaScript expression in the page."""
        return self.page.evaluate(f"() => {what}")

    def play(self, speed: int, step: int = 5) -> str:
        """Press Play at a speed, in steps a second; returns the run's id once some steps are on the screen."""
        self.page.get_by_test_id("speed").select_option(str(speed))
        self.page.get_by_test_id("play").click()
        self.until(f"behind.run() && behind.step() >= {step}", TRAINING)
        run: str = self.look("behind.run()")
        return run

    @property
    def cookie(self) -> str:
        """The header with the person's cookies."""
        return "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in self.page.context.cookies())

    @contextmanager
    def clock(self, app: App, run: str) -> Iterator[Clock]:
        """Watch the run at the server as well."""
        clock = Clock(app, run, self.cookie)
        try:
            yield clock
        finally:
            clock.close()

    def processor(self) -> float:
        """Seconds of the processor that the page's main thread has used so far."""
        metrics = self.devtools.send("Performance.getMetrics")["metrics"]
        used: float = next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")
        return used

    def cost(self, act: Callable[[], object]) -> float:
        """Seconds that something takes of the main thread."""
        before = self.processor()
        act()
        return self.processor() - before

    def throttle(self, times: float) -> None:
        """Slow the main thread down."""
        self.devtools.send("Emulation.setCPUThrottlingRate", {"rate": times})

    def slowness(self, times: float) -> float:
        """How many times slower it truly is then, in processor time; it is slow afterwards."""
        costs = []
        for rate in (1, times):
            self.throttle(rate)
            self.page.evaluate("(turns) => thin.loop(turns)", LOOP)
            costs.append(self.cost(lambda: self.page.evaluate("(turns) => thin.loop(turns)", LOOP)))
        return costs[1] / costs[0]

    def drawn(self) -> list[tuple[float, int]]:
        """When each picture was painted, in seconds since 1970, and its step."""
        return [(moment / 1000, step) for moment, step in self.look("thin.drawn")]

    def pause(self, clock: Clock, patience: float = 120_000) -> Pause:
        """Press Pause and wait until the page says that the run is paused."""
        self.look("thin.watchPause()")
        button = self.page.get_by_test_id("play").bounding_box(timeout=patience)
        assert button is not None
        self.page.mouse.move(button["x"] + button["width"] / 2, button["y"] + button["height"] / 2)
        self.page.mouse.down()
        self.page.mouse.up()
        self.until("thin.pause.paused !== null", patience)
        noted = self.look("thin.pause")
        clicked = noted["clicked"] / 1000
        server = clock.status_after(clicked, "paused")
        assert server is not None
        return Pause(noted["sign"] / 1000 - clicked, noted["paused"] / 1000 - clicked, server - clicked)

    def proceed(self) -> None:
        """Continue a paused run."""
        self.page.get_by_test_id("play").click()
        self.until("behind.status() === 'running'", TRAINING)

    def leave(self) -> None:
        """Close the tab and the browser of its person."""
        self.page.context.close()


def ages(drawn: list[tuple[float, int]], clock: Clock, begin: float, end: float, every: float = 0.02) -> list[float]:
    """How old the picture was at many moments: seconds since the run took the step that is shown.

    Args:
        drawn: the pictures, see `Tab.drawn`.
        begin: the first moment, in seconds since 1970.
        end: the last.
        every: seconds between two moments.
    """
    old = []
    moment, place = begin, -1
    while moment < end:
        while place + 1 < len(drawn) and drawn[place + 1][0] <= moment:
            place += 1
        if place >= 0:
            old.append(moment - clock.when(drawn[place][1]))
        moment += every
    return old


def wait(seconds: float) -> None:
    """Let time pass: what is measured lasts as long."""
    time.sleep(seconds)


def visitor(browser: Browser) -> BrowserContext:
    """The browser of someone who was never here."""
    return browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
