"""One place on the cluster, from the server's side."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from core.cluster.bridge import Bridge
from core.cluster.joining import first_sentence
from core.cluster.parcel import Parcel
from core.cluster.wire import Item, Switchboard, Wire

PART = 4_000_000
"""Bytes of a file that go to a place at a time."""
CALL_INTERVAL = 0.5
"""Seconds between two looks whether a place that does not call yet is still there."""
END_PATIENCE = 0.1
"""Seconds for which Ray is asked why a place has hung up."""


class Place:
    """One place.

    Attributes:
        ray: Ray.
        actor: Ray's handle of it.
        node: its machine; "" as long as Ray has not chosen one.
        about: what it said of itself when it was ready.
        gpu: whether it has one, or a share of one.
        board: where it calls the server.
        bridge: the run that it trains.
        idle_since: since when it trains none, on `time.monotonic`.
        gone: whether it was given up.
        wire: what it and the server tell each other over, while it trains.
    """

    def __init__(self, ray: Any, actor: Any, node: str, gpu: bool, board: Switchboard):
        self.ray = ray
        self.actor = actor
        self.node = node
        self.gpu = gpu
        self.board = board
        self.readiness = actor.ready.options(concurrency_group="train").remote(board.host, board.port)
        self.about: dict[str, Any] = {}
        self.bridge: Bridge | None = None
        self.idle_since = time.monotonic()
        self.gone = False
        self.wire: Wire | None = None

    def beat(self) -> None:
        """Tell it that the server is there."""
        self.actor.beat.options(concurrency_group="beat").remote()

    def send(self, packed: Parcel, heard: Callable[[], None]) -> None:
        """Bring it the files that it needs and lacks.

        Args:
            heard: called whenever it has taken one in.
        """
        put = self.actor.put.options(concurrency_group="files")
        all_at_once = self.actor.put_all.options(concurrency_group="files")
        lacks = self.actor.lacks.options(concurrency_group="files")
        self.ray.get(all_at_once.remote(packed.small, packed.empty))
        sizes = {name: path.stat().st_size for name, path in packed.large.items()}
        for name in self.ray.get(lacks.remote(sizes)):
            with packed.large[name].open("rb") as file:
                start, last = 0, False
                while not last:
                    data = file.read(PART)
                    last = start + len(data) >= sizes[name] or not data
                    self.ray.get(put.remote(name, data, start, last))
                    heard()
                    start += len(data)

    def train(self, run: str, assignment: bytes, bridge: Bridge) -> Iterator[Item]:
        """Have it train a run; gives all that it sends.

        Raises:
            ConnectionError: it is gone.
            RayError: as Ray says why it does not call.
        """
        token, called = self.board.expect()
        try:
            train = self.actor.train.options(concurrency_group="train")
            work = train.remote(run, assignment, self.board.host, self.board.port, token)
            wire = self.wire = self._called(called, work)
        finally:
            self.board.forget(token)
        if self.gone:
            wire.hang_up()
        bridge.placed(self, wire.order, wire.tell_again)
        item = None
        try:
            for item in wire.items():
                yield item
        finally:
            self.wire = None
            wire.close()
        if item is None or item.exitcode is None:
            self._say_why(work)
            raise ConnectionError("The place has hung up.")

    def _called(self, called: Future[Wire], work: Any) -> Wire:
        """Wait for its call; the error of `work` if it ends without one."""
        while not self.gone:
            with suppress(TimeoutError):
                return called.result(CALL_INTERVAL)
            if not self.gone and self.ray.wait([work], timeout=0)[0]:
                with suppress(TimeoutError):
                    return called.result(0)  # it has called meanwhile, and has ended
                self.ray.get(work)
                break
        raise ConnectionError("The place does not call.")

    def _say_why(self, work: Any) -> None:
        """Have the log say what was wrong at a place that is still there."""
        if self.gone or not self.ray.wait([work], timeout=END_PATIENCE)[0]:
            return
        try:
            self.ray.get(work)
        except self.ray.exceptions.RayTaskError as error:
            logging.warning("A machine of the cluster could not train a run: %s", first_sentence(error))
        except self.ray.exceptions.RayError:
            logging.debug("A place has ended.", exc_info=True)

    def hang_up(self) -> None:
        """Have nobody wait for it any more."""
        self.gone = True
        wire = self.wire
        if wire is not None:
            wire.hang_up()
