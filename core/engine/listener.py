"""Reads what all workers send, and notices those that are silent, too long at it, or gone."""

from __future__ import annotations

import logging
import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection, wait

from core import limits, memory
from core.engine import events
from core.engine.housekeeping import Housekeeping
from core.engine.launcher import WorkerProcess
from core.engine.run import Run

LOOK_INTERVAL = 0.5
"""Seconds between two looks at which workers are silent."""
LOOKS_REMEMBERED = 6
"""Looks over which it is remembered how often the system ended a process for lack of memory."""
KILLED = 9
"""The number of SIGKILL, which Windows has no name for."""


class Listener:
    """Listens in one thread to the workers of all runs.

    Args:
        runs: the runs that the server holds in memory.
        also: called after each round, at least every `LOOK_INTERVAL` seconds.
    """

    def __init__(self, runs: Callable[[], list[Run]], housekeeping: Housekeeping, also: Callable[[], None]):
        self._runs = runs
        self._housekeeping = housekeeping
        self._also = also
        self._waker, self._woken = multiprocessing.Pipe()
        self._closed = False
        self._look_time = 0.0
        self._oom_kills = deque([memory.oom_kills()], maxlen=LOOKS_REMEMBERED)
        self._thread = threading.Thread(target=self._listen, name="runs", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Listen to a run that has just begun, too."""
        self._waker.send_bytes(b"!")

    def close(self) -> None:
        """Listen no more."""
        self._closed = True
        self.wake()
        self._thread.join(timeout=2)

    def _listen(self) -> None:
        """Read what all workers send; the end of a pipe is the end of its worker."""
        while not self._closed:
            open_pipes = {pipe: run for run in self._runs() if (pipe := run.connection) is not None}
            for connection in wait([*open_pipes, self._woken], timeout=LOOK_INTERVAL):
                if connection is self._woken:
                    self._woken.recv_bytes()
                    continue
                try:
                    self._hear(open_pipes[connection], connection)  # type: ignore[index, arg-type]
                except Exception:  # one run's trouble must not end the thread that serves all others
                    logging.exception("A message of a run could not be taken in.")
            self._look_after_all()
            self._also()

    def _look_after_all(self) -> None:
        now = time.monotonic()
        if now < self._look_time:
            return
        self._look_time = now + LOOK_INTERVAL
        self._oom_kills.append(memory.oom_kills())
        for run in self._runs():
            if not run.alive:
                continue
            run.look_after(now)
            if now - run.begun > limits.RUN_SECONDS:
                if run.end_cause is None:
                    run.command("stop", "long")
                run.end_silent()

    def _hear(self, run: Run, connection: Connection) -> None:
        before, size, step = run.status, run.kept_bytes, run.step
        try:
            data = connection.recv_bytes()
        except (EOFError, OSError):
            self._gone(run)
        else:
            run.receive(data)
            if run.kept_bytes > size:
                self._housekeeping.has_grown(run.owner)
        events.heard(run, run.step - step)
        if run.status != before:
            self._housekeeping.note(run)
            if not run.alive:
                events.ended(run, time.monotonic() - run.begun)
                self._housekeeping.look_at(run.owner)

    def _gone(self, run: Run) -> None:
        run.hang_up()
        process, run.process = run.process, None  # a Process holds two file descriptors as long as it is known
        if run.alive:
            run.crashed("memory" if process is not None and self._ended_for_memory(process) else None)
        if run.status == "crashed" or "unkept" in (run.message or {}):
            self._housekeeping.owe(run)
        if process is not None:
            threading.Thread(target=process.join, daemon=True).start()

    def _ended_for_memory(self, process: WorkerProcess) -> bool:
        """Whether the system ended a process because the machine has no memory left."""
        if memory.oom_kills() <= self._oom_kills[0]:
            return False
        process.join(0.5)
        return bool(process.exitcode == -KILLED)
