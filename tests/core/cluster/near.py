"""A cluster whose places are in this process: all that is ours of a cluster, without Ray."""

from __future__ import annotations

import math
import threading
from collections import deque
from pathlib import Path, PurePosixPath

from core.cluster.bridge import Bridge
from core.cluster.parcel import parcel
from core.cluster.seat import Seat
from core.cluster.wire import Switchboard, Wire
from core.engine.launcher import Cluster


class NearCluster:
    """So many places; runs wait in line for them."""

    def __init__(self, places: int):
        self.free = deque(Seat(math.inf) for _ in range(places))
        self.board = Switchboard("127.0.0.1")
        self.free[0].ready(self.board.host, self.board.port)  # all workers come from one process, warm then
        self.line: deque[Bridge] = deque()
        self.trained: dict[Seat, Bridge] = {}
        self.wires: dict[Seat, Wire] = {}
        self.lock = threading.RLock()

    def join(self) -> None:
        """There is one."""

    def warm(self) -> None:
        """All places are ready."""

    def about(self) -> Cluster:
        """As if each place were a machine."""
        with self.lock:
            places = len(self.free) + len(self.trained)
            return Cluster(places, places, len(self.line), True)

    def has_gpu(self) -> bool:
        """There is none."""
        return False

    def put(self, bridge: Bridge, first: bool = False) -> None:
        """Have a run trained as soon as there is a place."""
        with self.lock:
            if first:
                self.line.appendleft(bridge)
            else:
                self.line.append(bridge)
            self._fill()

    def remove(self, bridge: Bridge) -> None:
        """Take a run out of the line, or end the place that trains it."""
        with self.lock:
            if bridge in self.line:
                self.line.remove(bridge)
            self._fill()

    def close(self) -> None:
        self.board.close()

    def lose(self, bridge: Bridge) -> Seat:
        """A machine is gone: what its place still says is heard by nobody."""
        with self.lock:
            seat = next(seat for seat, trained in self.trained.items() if trained is bridge)
            del self.trained[seat]
            if bridge.lost():
                self.put(bridge, first=True)
        if seat in self.wires:
            self.wires[seat].hang_up()
        return seat

    def _fill(self) -> None:
        while self.line and self.free:
            seat, bridge = self.free.popleft(), self.line.popleft()
            self.trained[seat] = bridge
            bridge.place = seat
            threading.Thread(target=self._train, args=(seat, bridge), daemon=True).start()
        for ahead, bridge in enumerate(self.line):
            bridge.say_place_in_line(ahead)

    def _train(self, seat: Seat, bridge: Bridge) -> None:
        run = f"runs/{bridge.id}"
        packed = parcel(bridge.next_assignment(), run, PurePosixPath(seat.root))
        large = {name: Path(path).read_bytes() for name, path in packed.large.items()}
        seat.put_all({**packed.small, **large}, packed.empty)
        token, called = self.board.expect()
        order = (run, packed.assignment, self.board.host, self.board.port, token)
        training = threading.Thread(target=seat.train, args=order, daemon=True)
        training.start()
        self.wires[seat] = wire = called.result()
        bridge.placed(seat, wire.order, wire.tell_again)
        for item in wire.items():
            bridge.take(item, seat)
        del self.wires[seat]
        wire.close()
        training.join()
        with self.lock:
            self.trained.pop(seat, None)
            self.free.append(seat)
            self._fill()
