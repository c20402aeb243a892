"""Where a run's worker lives: on this machine, in a process of its own. Nothing else in the engine knows."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from core.engine.assignment import Assignment
from core.engine.worker import work
from core.processes import starting

Worker = tuple[BaseProcess, Connection]
"""A worker's process, and the server's end of the pipe to it: commands go in, messages and frames come out."""


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

    def launch(self, assignment: Assignment) -> Worker:
        """Have a worker train a run."""
        try:
            process, connection = self._spares.pop()
        except IndexError:
            process, connection = self._start()
        connection.send(assignment)
        if self._keeps_spares:
            threading.Thread(target=self._add_spare, daemon=True).start()
        return process, connection

    def _add_spare(self) -> None:
        self._spares.append(self._start())

    def _start(self) -> Worker:
        ours, theirs = multiprocessing.Pipe()
        process = starting.context().Process(target=work, args=(theirs,), daemon=True)
        starting.start(process)
        theirs.close()
        return process, ours
