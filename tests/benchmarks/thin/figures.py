"""What a pupil with a thin link or a slow machine waits for, and what that comes from: bytes and processor time.

Every figure that is a goal of its own stands alone: on the link nothing is slow but the link, in the browser nothing
but its main thread.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

from playwright.sync_api import Request

from tests.benchmarks.rows import Row
from tests.benchmarks.thin.place import Place, place
from tests.benchmarks.thin.tab import Tab, ages, visitor, wait
from tests.benchmarks.thin.wire import BINARY, TEXT, Socket
from tests.browser.screen import TRAINING

CLASSIFIER = "/classifier?num_steps=50000"
CNN = "/cnn?num_epochs=100"
BUILD = "/build?num_epochs=500"
VGG = "/vgg?num_epochs=100"
SPEED = 30
"""Steps a second of every run that is watched."""
DELAY = 0.3
"""Seconds that everything takes on a thin link, each way."""
LINKS = {"1 Mbit/s": (1e6, 0.6, 0.8), "250 kbit/s": (250e3, 1.5, 1.5)}
"""Name -> bits a second each way, and the goals: seconds of the picture's age, and from Pause to paused."""
AFTER = (10, 20, 30)
"""Seconds on the link after which the picture's age is taken."""
LATELY = 2.0
"""Seconds before that in which it is, at many moments: it is youngest just after a picture is drawn."""
SLOWER = 6
"""How many times slower the processor is made."""
SETTLE = 5.0
"""Seconds on a slow processor that are left out."""
WATCH = 15.0
"""Seconds for which pictures are counted, and processor time is."""
PAUSES = 3
FED = 14
"""Frames a second for which the bytes of a class are worked out."""
PUPILS = 30
REDRAWN = 200
"""Pictures of which the cost is taken."""
LONG = 40_000
"""Steps of a long run."""
FRESH = 0.3
"""Seconds of age up to which the picture of a tab that is in front again is current."""
LONG_RUN = 1_800_000
"""Milliseconds that those may take on a machine that is busy with much else."""
SLOW_VISIT = 600_000
"""Milliseconds that a first visit may take on the thinnest link."""


def link_rows(where: Place) -> Iterator[Row]:
    """How old the picture is on a thin link, and how long Pause takes."""
    for name, (rate, age, pause) in LINKS.items():
        with where.link() as link, where.tab(link.url) as tab:
            tab.open(CLASSIFIER)
            tab.look("thin.watchPicture()")
            with tab.clock(where.app, tab.play(SPEED)) as clock:
                wait(1)
                link.be(rate, DELAY)
                begin = time.time()
                wait(AFTER[-1])
                paused = tab.pause(clock)
            drawn = tab.drawn()
            title = f"{name}, {1000 * DELAY:.0f} ms each way: "
            fed = f"fed {clock.frames_per_second(begin, begin + AFTER[-1]):.0f} frames/s"
            for seconds in AFTER:
                end = begin + seconds
                old = statistics.median(ages(drawn, clock, end - LATELY, end))
                yield Row(f"{title}the picture's age after {seconds} s", old, "s", age, True, fed, scales=False)
            oldest = max(ages(drawn, clock, begin + LATELY, begin + AFTER[-1]))
            yield Row(f"{title}the picture's age, most", oldest, "s", scales=False)
            yield Row(f"{title}Pause to its first sign", paused.sign, "s", pause, True, scales=False)
            note = f"the run had paused after {paused.server:.1f} s"
            yield Row(f"{title}Pause to paused", paused.paused, "s", pause, True, note, scales=False)


def slow_rows(where: Place) -> Iterator[Row]:
    """The same on a slow processor, fed by the CNN; and the classifier's longest task there."""
    with where.tab(where.app.url) as tab:
        tab.open(CNN)
        slowness = tab.slowness(SLOWER)
        tab.throttle(1)
        tab.look("thin.watchPicture()")
        with tab.clock(where.app, tab.play(SPEED)) as clock:
            tab.throttle(SLOWER)
            wait(SETTLE)
            begin = time.time()
            wait(WATCH)
            end = time.time()
            pauses = []
            for _pause in range(PAUSES):
                pauses.append(tab.pause(clock))
                tab.proceed()
                wait(2)
            drawn = tab.drawn()
            fed = clock.frames_per_second(begin, end)
        old = ages(drawn, clock, begin, end)
        rate = sum(begin <= moment < end for moment, _ in drawn) / (end - begin)
        title = f"processor {SLOWER} times slower, CNN: "
        note = f"{slowness:.1f} times in truth, fed {fed:.0f} frames/s"
        yield Row(f"{title}pictures drawn", rate, "frames/s", 8, note=note)
        yield Row(f"{title}the picture's age, median", statistics.median(old), "s", 0.3, True)
        yield Row(f"{title}the picture's age, most", max(old), "s")
        signs, waits = [pause.sign for pause in pauses], [pause.paused for pause in pauses]
        yield Row(f"{title}Pause to its first sign, most of {PAUSES}", max(signs), "s", 0.3, True)
        note = "the run had paused after " + ", ".join(f"{pause.server:.1f}" for pause in pauses) + " s"
        yield Row(f"{title}Pause to paused, most of {PAUSES}", max(waits), "s", 0.3, True, note)
    with where.tab(where.app.url) as tab:
        tab.open(CLASSIFIER)
        slowness = tab.slowness(SLOWER)
        tab.play(SPEED)
        wait(SETTLE)
        tab.look("thin.watchTasks()")
        wait(WATCH)
        longest = max(tab.look("thin.tasks"), default=0)
        note = f"{slowness:.1f} times in truth; by the clock"
        yield Row(f"processor {SLOWER} times slower, classifier: longest task", longest, "ms", 150, True, note)


def picture_rows(where: Place) -> Iterator[Row]:
    """What one picture takes of the main thread, and what a paused page does."""
    for name, path, goal in (("classifier", CLASSIFIER, 1.3), ("CNN", CNN, 3), ("Build", BUILD, 3)):
        with where.tab(where.app.url) as tab:
            tab.open(path)
            tab.look("thin.watchPicture()")
            with tab.clock(where.app, tab.play(SPEED)) as clock:
                tab.until("thin.frames.length === 12", TRAINING)
                tab.pause(clock)
            wait(2)
            costs = [_redraw(tab, draw) for draw in (False, True, False, True)]
            taken = 1000 * ((costs[1] + costs[3]) - (costs[0] + costs[2])) / (2 * REDRAWN)
            yield Row(f"processor time of one picture, {name}", taken, "ms", goal, True)
            if name == "classifier":
                rest = min(tab.cost(lambda: wait(WATCH / PAUSES)) for _look in range(PAUSES)) / (WATCH / PAUSES)
                note = f"the least of {PAUSES} looks: the garbage is collected in one of them"
                yield Row("processor time a second of a paused page", 1000 * rest, "ms", 1, True, note)


def _redraw(tab: Tab, draw: bool) -> float:
    """Seconds of the main thread for `REDRAWN` pictures, or for the same time without."""
    return tab.cost(lambda: tab.page.evaluate("(draw) => thin.redraw(...draw)", [REDRAWN, draw]))


def curves_row(what: str, tab: Tab) -> Row:
    """What one redraw of both curves takes of the main thread, while the run goes on without a picture."""
    tab.look("thin.watchCurves(false)")
    wait(1)
    before = tab.look("thin.curves")
    busy = tab.cost(lambda: wait(WATCH))
    times = tab.look("thin.curves") - before
    tab.look("thin.watchCurves(true)")
    wait(1)
    rest = tab.cost(lambda: wait(WATCH))
    taken = 1000 * (busy - rest) / times if times else None
    return Row(what, taken, "ms", 12, True, f"{times / WATCH:.1f} a second")


def curves_rows(where: Place) -> Iterator[Row]:
    """What both curves take, in a short run and in a long one; and how much connecting to the long one does."""
    with where.tab(where.app.url) as tab:
        tab.open(CLASSIFIER)
        tab.play(SPEED)
        wait(SETTLE)
        yield curves_row("processor time of one redraw of both curves", tab)
    with where.link() as link, where.tab(link.url) as tab:
        tab.open(CLASSIFIER)
        with tab.clock(where.app, tab.play(0)) as clock:
            tab.until(f"behind.step() >= {LONG}", LONG_RUN)
            tab.pause(clock)
        steps = tab.look("behind.connection().step")
        known = len(link.live_sockets())
        tab.open("/classifier")  # a link with settings would begin anew
        tab.until("behind.connection()?.live", TRAINING)
        [socket] = link.live_sockets()[known:]
        _kind, hello = socket.messages[0]  # packed, if it is long
        yield Row(f"connecting to a run of {steps:,} steps, before its picture", hello / 1000, "kB", 100, True)
        tab.page.get_by_test_id("speed").select_option(str(SPEED))
        tab.proceed()
        yield curves_row(f"processor time of one redraw of both curves, after {steps:,} steps", tab)


def wire_rows(where: Place) -> Iterator[Row]:
    """Bytes of a frame, of a pupil who watches, and of a hidden tab."""
    layers = ",".join(["64"] * 6)
    cases = {
        "classifier": (CLASSIFIER, 4.0),
        "six layers of 64": (f"{CLASSIFIER}&hidden_sizes={layers}", 6.0),
        "VGG": (VGG, 8.0),
    }
    for name, (path, goal) in cases.items():
        with where.link() as link, where.tab(link.url) as tab:
            tab.open(path)
            tab.play(SPEED, 2)
            [socket] = link.live_sockets()
            wait(2)
            first, bytes_before, begin = len(socket.messages), link.down.bytes, time.time()
            wait(WATCH)
            sizes = [size for kind, size in socket.messages[first:] if kind == BINARY]
            seconds = time.time() - begin
            all_bytes = (link.down.bytes - bytes_before) / seconds
            frame, rate = statistics.mean(sizes), len(sizes) / seconds
            yield Row(f"a frame on the wire, {name}", frame / 1000, "kB", goal, True, f"{rate:.0f} frames/s")
            if name != "classifier":
                continue
            fed = all_bytes + (FED - rate) * frame
            note = f"{all_bytes / 1000:.0f} kB/s at {rate:.1f} frames/s"
            yield Row(f"a pupil who watches, a second at {FED} frames/s", fed / 1000, "kB/s", 60, True, note)
            yield Row(f"{PUPILS} pupils on one access point", PUPILS * fed * 8 / 1e6, "Mbit/s", 15, True)
            yield from hidden_rows(where, tab, socket)


def hidden_rows(where: Place, tab: Tab, socket: Socket) -> Iterator[Row]:
    """What a hidden tab gets, and how soon it is current again."""
    tab.look("thin.watchPicture()")
    with tab.clock(where.app, tab.look("behind.run()")) as clock:
        tab.look("thin.hide(true)")
        wait(2)
        first, begin = len(socket.messages), time.time()
        wait(WATCH)
        seconds, messages = time.time() - begin, socket.messages[first:]
        frames = [size for kind, size in messages if kind == BINARY]
        texts = [size for kind, size in messages if kind == TEXT]
        shown = tab.look("(thin.hide(false), Date.now())") / 1000
        wait(2)
        drawn = tab.drawn()
        current = next((at for at, step in drawn if at >= shown and clock.when(step) >= shown - FRESH), None)
    yield Row("a hidden tab: frames", len(frames) / seconds, "frames/s", 0, True)
    yield Row("a hidden tab: bytes a second", (sum(frames) + sum(texts)) / seconds / 1000, "kB/s", 3, True)
    soon = None if current is None else current - shown
    yield Row("a tab in front again: until its picture is current", soon, "s", 0.3, True)


def visit_rows(where: Place) -> Iterator[Row]:
    """A first visit with nothing cached, on the thinnest link; and what opening the page takes of the main thread."""
    name, (rate, _age, _pause) = list(LINKS.items())[-1]
    with where.link() as link, where.tab(link.url) as tab:
        requests: list[Request] = []
        tab.page.on("request", lambda request: requests.append(request))
        before = link.down.bytes
        link.be(rate, DELAY)
        start = time.monotonic()
        tab.page.goto(f"{link.url}{CLASSIFIER}", timeout=SLOW_VISIT, wait_until="commit")
        tab.until("behind.part('play')", SLOW_VISIT)
        on_the_way, play = _fetched(requests), time.monotonic() - start
        tab.until("behind.part('loss-plot')?._fullLayout", SLOW_VISIT)
        curves = time.monotonic() - start
        link.be()
        wait(SETTLE)
        sent = (link.down.bytes - before) / 1e6
        everything = _fetched(requests)
    title = "first visit of the classifier"
    yield Row(f"{title}: bytes", sent, "MB", 3, True)
    yield Row(f"{title}: requests on the way to Play", on_the_way, "requests", 80, True, f"{everything} in all")
    yield Row(f"{title} at {name}: until Play is there", play, "s", scales=False)
    yield Row(f"{title} at {name}: until the curves are", curves, "s", scales=False)
    context = visitor(where.browser)
    for state in ("cold", "warm"):
        with where.tab(where.app.url, context) as tab:
            used = tab.processor()
            tab.open(CLASSIFIER)
            wait(1)
            opened = tab.processor() - used
        yield Row(f"processor time to open the classifier, {state}", opened, "s", 2, True)
    context.close()


def _fetched(requests: list[Request]) -> int:
    """How many of them go to the server."""
    return sum(request.url.startswith("http") for request in requests)


PARTS: dict[str, Callable[[Place], Iterator[Row]]] = {
    "link": link_rows,
    "slow": slow_rows,
    "picture": picture_rows,
    "curves": curves_rows,
    "wire": wire_rows,
    "visit": visit_rows,
}
"""What can be measured by itself."""


def rows() -> list[Row]:
    """Its rows of the table."""
    with place() as where:
        return [row for part in PARTS.values() for row in part(where)]
