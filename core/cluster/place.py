"""One place on the cluster, from the server's side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from core.cluster.bridge import Bridge
from core.cluster.parcel import Parcel
from core.cluster.seat import Item

PART = 4_000_000
"""Bytes of a file that go to a place at a time."""
WAITING_ITEMS = 64
"""Items that a place may be ahead of the server."""


class Place:
    """One place.

    Attributes:
        ray: Ray.
        actor: Ray's handle of it.
        node: its machine; "" as long as Ray has not chosen one.
        about: what it said of itself when it was ready.
        gpu: whether it has one, or a share of one.
        bridge: the run that it trains.
        idle_since: since when it trains none, on `time.monotonic`.
        gone: whether it was given up.
    """

    def __init__(self, ray: Any, actor: Any, node: str, gpu: bool):
        self.ray = ray
        self.actor = actor
        self.node = node
        self.gpu = gpu
        self.readiness = actor.ready.options(concurrency_group="train").remote()
        self.about: dict[str, Any] = {}
        self.bridge: Bridge | None = None
        self.idle_since = time.monotonic()
        self.gone = False

    def beat(self) -> None:
        """Tell it that the server is there."""
        self.actor.beat.options(concurrency_group="beat").remote()

    def send(self, packed: Parcel, heard: Callable[[], None]) -> None:
        """Bring it the files that it needs and lacks.

        Args:
            heard: called whenever it has taken one in.
        """
        put = self.actor.put.options(concurrency_group="order")
        all_at_once = self.actor.put_all.options(concurrency_group="order")
        lacks = self.actor.lacks.options(concurrency_group="order")
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
        """Have it train a run; gives all that it sends."""
        stream = self.actor.train.options(
            num_returns="streaming", concurrency_group="train", _generator_backpressure_num_objects=WAITING_ITEMS
        ).remote(run, assignment)
        order = self.actor.order.options(concurrency_group="order")
        again = self.actor.tell_again.options(concurrency_group="order")
        bridge.placed(lambda data: order.remote(run, data), again.remote)
        for reference in stream:
            yield Item(*self.ray.get(reference))
