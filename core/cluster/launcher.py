"""Starts workers on a Ray cluster, for the engine as if they were here."""

from __future__ import annotations

import multiprocessing
import secrets
import threading
from multiprocessing.connection import Connection, wait
from typing import Protocol

from core.cluster.bridge import Bridge
from core.config import Problem
from core.engine.assignment import Assignment
from core.engine.launcher import Cluster, Worker


class Line(Protocol):
    """Where runs wait for places, see `core.cluster.places.Places`."""

    def join(self) -> None:
        """Wait until there is a cluster (raises ClusterError)."""

    def warm(self) -> None:
        """Wait until a run would start at once."""

    def about(self) -> Cluster:
        """What is so now."""

    def put(self, bridge: Bridge) -> None:
        """Have a run trained as soon as there is a place."""

    def remove(self, bridge: Bridge) -> None:
        """Take a run out of the line, or end the place that trains it."""

    def has_gpu(self) -> bool:
        """Whether a machine of the cluster has a GPU."""

    def close(self) -> None:
        """End all places."""


class RemoteProcess:
    """A worker on the cluster, as the engine asks after it."""

    def __init__(self, bridge: Bridge, places: Line):
        self._bridge = bridge
        self._places = places

    @property
    def pid(self) -> int | None:
        """It has no number on this machine."""
        return None

    @property
    def exitcode(self) -> int | None:
        """How it ended."""
        return self._bridge.exitcode

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        self._bridge.over.wait(timeout)

    def is_alive(self) -> bool:
        """Whether it lives, or waits for a place."""
        return not self._bridge.over.is_set()

    def kill(self) -> None:
        """End it at once, unless it has ended: then its place may train another run."""
        if self.is_alive():
            self._bridge.end()
            self._places.remove(self._bridge)


class ClusterLauncher:
    """Puts runs on a cluster."""

    def __init__(self, places: Line):
        self.places = places
        self._bridges: dict[Connection, Bridge] = {}
        self._lock = threading.Lock()
        self._waker, self._woken = multiprocessing.Pipe()
        threading.Thread(target=self._listen, name="orders", daemon=True).start()

    def join(self) -> None:
        """Wait until the cluster is joined (raises ClusterError)."""
        self.places.join()

    def warm(self) -> None:
        """Have the first run start as fast as all others."""
        self.places.warm()

    def cluster(self) -> Cluster:
        """What is so now of the cluster."""
        return self.places.about()

    def launch(self, assignment: Assignment) -> Worker:
        """Have a place train a run, or put the run in line for one."""
        ours, theirs = multiprocessing.Pipe()
        bridge = Bridge(secrets.token_hex(8), assignment, theirs)
        bridge.on_end = lambda: self._waker.send_bytes(b"!")
        bridge.on_wish = lambda: self.places.put(bridge)
        with self._lock:
            self._bridges[theirs] = bridge
        self._waker.send_bytes(b"!")
        self.places.put(bridge)
        return RemoteProcess(bridge, self.places), ours

    def resolve(self, device: str) -> str:
        """The device that "auto" or a name stands for on the cluster."""
        if device in ("auto", "cpu"):
            return "cpu"
        if device.startswith("cuda") and self.places.has_gpu():
            return "cuda:0"
        raise LookupError(Problem("device", "No machine of the cluster has {device}.", {"device": device}))

    def close(self) -> None:
        """End all places, and the own cluster if it is one."""
        self.places.close()

    def _listen(self) -> None:
        """Take the engine's commands to all runs."""
        while True:
            with self._lock:
                over = [pipe for pipe, bridge in self._bridges.items() if bridge.over.is_set()]
                for pipe in over:
                    self._bridges.pop(pipe).hang_up()
                pipes = list(self._bridges)
            spoken = wait([*pipes, self._woken])
            if self._woken in spoken:
                self._woken.recv_bytes()
            for pipe in pipes:
                if pipe in spoken:
                    self._hear(pipe)

    def _hear(self, pipe: Connection) -> None:
        bridge = self._bridges[pipe]
        try:
            data = pipe.recv_bytes()
        except (EOFError, OSError):
            bridge.end()
            self.places.remove(bridge)
            return
        waits = not bridge.over.is_set()
        bridge.order(data)
        if waits and bridge.over.is_set():  # it was told to stop before it had a place
            self.places.remove(bridge)
