"""Where a run's worker lives: on this machine, in a process of its own. Nothing else in the engine knows."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Protocol

from core.processes import starting

if TYPE_CHECKING:  # a machine of a cluster starts workers and needs nothing of PyTorch for that
    from core.engine.assignment import Assignment


class WorkerProcess(Protocol):
    """What the engine asks of the process that trains a run: a `multiprocessing.Process`, or one on another machine."""

    @property
    def pid(self) -> int | None:
        """Its number on this machine; None where it is on another one."""

    @property
    def exitcode(self) -> int | None:
        """How it ended: 0, or the negative number of the signal; None while it lives, or where that is not known."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""

    def is_alive(self) -> bool:
        """Whether it lives."""

    def kill(self) -> None:
        """End it at once."""


Worker = tuple[WorkerProcess, Connection]
"""A worker's process, and the server's end of the pipe to it: commands go in, messages and frames come out."""


@dataclass(frozen=True)
class Cluster:
    """The machines that train for this server.

    Attributes:
        machines: how many there are that can train.
        cores: of all of them.
        waiting: runs that wait in line for a place.
        answers: whether its head does.
    """

    machines: int
    cores: int
    waiting: int
    answers: bool


class Launches(Protocol):
    """Where runs are trained: this machine's `Launcher`, or a cluster's."""

    def warm(self) -> None:
        """Have the first run start as fast as all others."""

    def launch(self, assignment: Assignment) -> Worker:
        """Have a worker train a run."""

    def resolve(self, device: str) -> str:
        """The device that "auto" or a name stands for there (raises LookupError, whose message is a `Problem`)."""

    def cluster(self) -> Cluster | None:
        """What is so now of the cluster; None where runs are trained on this machine."""

    def close(self) -> None:
        """Give back what it holds; all workers have ended."""


class Launcher:
    """Starts workers, as fast as the system can.

    Where there is a forkserver, it has imported all that a worker needs, and each start takes 40 ms. Elsewhere one
    worker always waits for its assignment, and the next one is started when that one gets it.
    """

    def __init__(self) -> None:
        self._keeps_spares = sys.platform == "win32"
        self._spares: list[Worker] = []

    def warm(self) -> None:
        """Have the first run start as fast as all others."""
        starting.warm()
        if self._keeps_spares:
            self._add_spare()

    def cluster(self) -> None:
        """There is none."""

    def launch(self, assignment: Assignment) -> Worker:
        """Have a worker train a run."""
        process, connection = self.take()
        connection.send(assignment)
        return process, connection

    def take(self) -> Worker:
        """A worker that waits for its assignment."""
        try:
            worker = self._spares.pop()
        except IndexError:
            worker = self._start()
        if self._keeps_spares:
            threading.Thread(target=self._add_spare, daemon=True).start()
        return worker

    def resolve(self, device: str) -> str:
        """The device that "auto" or a name stands for (raises LookupError, whose message is a `Problem`)."""
        from core.devices import resolve

        return resolve(device)

    def close(self) -> None:
        """Nothing is held that does not end by itself."""

    def _add_spare(self) -> None:
        self._spares.append(self._start())

    def _start(self) -> Worker:
        ours, theirs = multiprocessing.Pipe()
        process = starting.context().Process(target=_work, args=(theirs,), daemon=True)
        starting.start(process)
        theirs.close()
        return process, ours


def _work(connection: Connection) -> None:
    """The worker's main function; imported there, where it is loaded already."""
    from core.engine.worker import work

    work(connection)
