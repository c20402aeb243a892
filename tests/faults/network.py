"""What happens between a browser and the server: cut lines, two tabs, many clicks."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

from websockets.exceptions import ConnectionClosed

from core import limits
from tests.faults.events import Outcome, event
from tests.faults.kills import LONG, SPEED, classmates
from tests.faults.people import PATIENCE, Live, Person
from tests.faults.server import damage, serving
from tests.waiting import until

CUTS = (1.0, 30.0, 130.0)
"""Seconds without a network, in the long form; the checks have the first alone."""
GRACE = 60.0
"""Seconds for which a run goes on when nobody is there."""


class Network:
    """A line to a server that can be cut: what is sent meanwhile comes later, as TCP has it, if both ends wait."""

    def __init__(self, port: int):
        self._to = port
        self._whole = threading.Event()
        self._whole.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Let nothing through."""
        self._whole.clear()

    def restore(self) -> None:
        """Let all through again."""
        self._whole.set()

    def close(self) -> None:
        """Take no more connections."""
        self._whole.set()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                self._whole.wait()
                there = socket.create_connection(("127.0.0.1", self._to))
                for ends in ((here, there), (there, here)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._whole.wait()
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def reattached(live: Live) -> Live:
    """The run after a cut: on the same socket if it held, else on a new one, as the page does."""
    with suppress(ConnectionClosed):
        before = live.step
        live.until(lambda: live.step > before or live.status != "running")
        return live
    return Live(live.person, live.run)


@event(short=1, long=3)
def cut_networks(times: int, folder: Path) -> Outcome:
    """The network is cut for 1, 30 and 130 seconds: the page finds its run again, on, or ended after the grace."""
    outcome = Outcome(times)
    told = {}
    with serving(folder, {"TORCH_PLAYGROUND_GRACE": str(GRACE)}) as server:
        others = classmates(server, 2)
        line = Network(server.port)
        for seconds in CUTS[:times]:
            live = Person(line.url).open("classifier", num_steps=LONG).play(SPEED).reach(5)
            line.cut()
            time.sleep(seconds)
            line.restore()
            start = time.monotonic()
            again = reattached(live)
            again.until(lambda again=again: again.status in ("running", "stopped"))  # type: ignore[misc]
            outcome.told.append(time.monotonic() - start)
            if again.status == "stopped" and seconds < GRACE:
                outcome.lost.append(f"the run was ended after a cut of {seconds:g} s")
            told[live.run] = live.losses | again.losses
        line.close()
        outcome.lost += [f"{other.run} is {other.catch_up().status}" for other in others if other.status != "running"]
        server.stop()
        outcome.lost += damage(server, told)
    outcome.note = f"cut for {', '.join(f'{seconds:g}' for seconds in CUTS[:times])} s"
    return outcome


@event(short=10, long=100)
def double_clicks(times: int, folder: Path) -> Outcome:
    """One person has two tabs and clicks everything twice: three runs are alive at most, and both pages are whole."""
    outcome = Outcome(times)
    with serving(folder) as server:
        person = server.person()
        tabs = [person.open("classifier", num_steps=LONG) for _ in range(2)]
        for number in range(times):
            tab = tabs[number % 2]
            tab.press("play", times=2, speed=SPEED, paused=False, steps=0)
            if number % 3 == 2:
                tab.press("reset", times=2)
            outcome.lost += tab.exceptions
        for tab in tabs:
            tab.press("play", speed=SPEED, paused=False, steps=0)
            live = tab.live()
            live.until(lambda live=live: live.status == "running")  # type: ignore[misc]
            live.reach(live.step + 3)
            outcome.lost += tab.run().exceptions
        until(lambda: len(server.workers()) <= limits.RUNS_PER_OWNER, PATIENCE, server.workers)
        server.stop()
        outcome.lost += damage(server)
    return outcome
