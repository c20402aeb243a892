"""A place for one run at a time on a machine of the cluster: starts the workers there, and passes on what they say.

The worker is the same process as at home, so its memory is bounded, its death harms nobody else, and nothing else runs
in it beside its steps. What is here needs nothing of PyTorch.
"""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from core.cluster import wire
from core.cluster.head import unreached
from core.cluster.mirror import MOST_BYTES, Change, Mirror
from core.cluster.wire import Item, Wire
from core.engine.launcher import Launcher, WorkerProcess
from core.processes import scratch
from core.processes.starting import kill

BEAT = 1.0
"""Seconds without a message after which the server is told that this place is still there."""
LOOK_INTERVAL = 0.5
"""Seconds between two looks whether the server is still there."""
ORPHANED = 16
"""Looks without a word of the server after which a place gives up: 8 seconds, and more where it hardly gets to look."""
FAREWELL = 3.0
"""Seconds that a worker has to end after it has closed its pipe."""


class Seat:
    """The part of a place that is on its machine. Methods are called from several threads.

    Args:
        patience: looks without a word of the server after which it gives up.

    Attributes:
        root: its folder: "data" for sets of images, "runs/ID" for a run.
    """

    def __init__(self, patience: float = ORPHANED) -> None:
        scratch.sweep()
        self.root = Path(tempfile.mkdtemp(prefix=scratch.prefix()))
        self._launcher = Launcher()
        self._lock = threading.Lock()
        self._looks = 0
        threading.Thread(target=self._watch, args=(patience,), daemon=True).start()

    def _watch(self, patience: float) -> None:
        """End with the server, even if its machine is gone without a word."""
        while self._looks < patience:
            time.sleep(LOOK_INTERVAL)
            self._looks += 1
        shutil.rmtree(self.root, ignore_errors=True)
        os._exit(1)

    def beat(self) -> None:
        """The server is there."""
        self._looks = 0

    def ready(self, host: str, port: int) -> dict[str, Any]:
        """Have runs start quickly, and say what is here.

        Raises:
            ConnectionError: the server can't be called at that address.
        """
        if why := unreached(f"{host}:{port}"):
            raise ConnectionError(f"It can't reach the server at {host}, port {port} ({why}).")
        about = {"torch": version("torch"), "python": platform.python_version(), "root": str(self.root)}
        self._launcher.warm()
        return about

    def lacks(self, sizes: Mapping[str, int]) -> list[str]:
        """Which of some files are not here in their size."""
        return [name for name, size in sizes.items() if not self._has(name, size)]

    def _has(self, name: str, size: int) -> bool:
        path = self.root / name
        return path.is_file() and path.stat().st_size == size

    def put(self, name: str, data: bytes, start: int, last: bool) -> None:
        """Take a part of a file; it gets its name with the last one."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        with part.open("r+b" if start else "wb") as file:
            file.seek(start)
            file.write(data)
        if last:
            part.replace(path)

    def put_all(self, files: Mapping[str, bytes], sizes: Mapping[str, int]) -> None:
        """Take small files, and for others files of their sizes that hold nothing: the server has them."""
        for name, data in files.items():
            self.put(name, data, 0, True)
        for name, size in sizes.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.truncate(size)

    def train(self, run: str, assignment: bytes, host: str, port: int, token: bytes) -> None:
        """Have a worker train a run, and tell the server all that it says and writes.

        Args:
            run: the folder of the run's files, in `root`.
            assignment: what the worker is to do, pickled: nothing of it is needed here.
            host: where the server takes calls, at `port`, from those who know `token`.

        Raises:
            OSError: the server can't be reached, or this machine's disk not be read.
        """
        server = wire.call(host, port, token)
        try:
            self._train(run, assignment, server)
        finally:
            server.close()

    def _train(self, run: str, assignment: bytes, server: Wire) -> None:
        mirror = Mirror(self.root / run)
        process, connection = self._launcher.take()
        obeying = threading.Thread(target=self._obey, args=(server, process, connection, mirror), daemon=True)
        with suppress(OSError):  # the worker has ended already
            connection.send_bytes(assignment)
        obeying.start()
        end = server.hang_up
        try:
            with suppress(ConnectionError):  # the server has hung up
                for item in self._said(process, connection, mirror):
                    server.send(item)
                end = server.finish
        finally:
            kill(process)
            shutil.rmtree(self.root / run, ignore_errors=True)
            end()  # from now on the server may send this run again
            obeying.join()
            connection.close()

    def _said(self, process: WorkerProcess, connection: Connection, mirror: Mirror) -> Iterator[Item]:
        """All that a worker says and writes."""
        while True:
            if not connection.poll(BEAT):
                yield from self._items(mirror, b"")
                continue
            try:
                message = connection.recv_bytes()
            except (EOFError, OSError):
                break
            if message[:1] == b"F":
                yield Item([], message)
            else:
                yield from self._items(mirror, message)
        process.join(FAREWELL)
        yield from self._items(mirror, b"")
        yield Item([], None, process.exitcode or 0)

    def _items(self, mirror: Mirror, message: bytes) -> Iterator[Item]:
        """A message, behind all changes that it may speak of."""
        waiting: list[Change] = []
        with self._lock:
            changes = list(mirror.changes())
        for change in changes:
            waiting.append(change)
            if sum(len(change.data) for change in waiting) > MOST_BYTES:
                yield Item(waiting)
                waiting = []
        yield Item(waiting, message or None)

    def _obey(self, server: Wire, process: WorkerProcess, connection: Connection, mirror: Mirror) -> None:
        """Pass the server's commands on to a worker, and end it once the server hangs up."""
        for order in server.received():
            if isinstance(order, bytes):
                with suppress(OSError):  # the worker has ended
                    connection.send_bytes(order)
            else:
                with self._lock:
                    mirror.restart(order)
        kill(process)
