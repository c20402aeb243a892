"""A function in a process of its own, within limits: the one way in which the app starts work that may go wrong.

`confined.confined` waits for one answer. `jobs.Jobs` follows what is reported, one job a person, in a line for the
cores: a program that people run (`programs.run_program`), a profile, a measurement of loading or of a run's cost.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal

import torch

from core.processes.priority import give_way
from core.processes.starting import context, kill, start

LONGEST_MESSAGE = 512 * 2**20
"""Bytes of a message that is taken from a process."""

Send = Callable[[bytes], None]


@dataclass(frozen=True)
class Limits:
    """What a piece of work may take.

    Attributes:
        seconds: by the clock on the wall.
        silence: seconds without a message after which it counts as hung; None if it may be silent to its end.
        processor: seconds of the processor's time, for each of its processes; None for no such limit.
        memory: megabytes (2**20 bytes) beyond what every process of the app has, for each of its processes; None for no
            such limit. Windows knows neither this one nor `processor`.
    """

    seconds: float
    silence: float | None = None
    processor: float | None = None
    memory: int | None = None


class Over(Exception):
    """The work ended without a word, or was beyond a limit.

    Attributes:
        reason: "gone", "late" or "silent".
        seconds: what it took, or how long nothing was heard of it.
    """

    def __init__(self, reason: Literal["gone", "late", "silent"], seconds: float):
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds


class Limited:
    """A function at work in a process of its own, as the one who started it sees it.

    The process leads a group: whatever it starts is ended with it. It dies with the server. What it sends is bytes:
    nothing that happens in it is run here.

    Args:
        function: function(send, *arguments), of a module.
        children: whether it may start processes.

    Attributes:
        limits: what it may take; may be changed while it works, as far as the clock on the wall goes.
    """

    def __init__(self, function: Callable[..., None], *arguments: Any, limits: Limits, children: bool = True):
        self.limits = limits
        self._connection, theirs = multiprocessing.Pipe()
        self._process: BaseProcess = context().Process(
            target=_main, args=(theirs, function, arguments, limits), daemon=not children
        )
        start(self._process)
        theirs.close()
        self._begin = self._heard = time.monotonic()

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process.pid is not None
        return self._process.pid

    def receive(self, patience: float) -> bytes | None:
        """The next message, or None if there is none within that many seconds.

        Raises:
            Over: there will be no more, or it is beyond a limit; `end` it.
        """
        now = time.monotonic()
        if now - self._begin > self.limits.seconds:
            raise Over("late", now - self._begin)
        if self._connection.poll(patience):
            with suppress(EOFError, OSError):
                message = self._connection.recv_bytes(LONGEST_MESSAGE)
                self._heard = time.monotonic()
                return message
            raise self._gone()
        now = time.monotonic()
        if not self._process.is_alive() and not self._connection.poll(0):
            raise self._gone()
        if self.limits.silence is not None and now - self._heard > self.limits.silence:
            raise Over("silent", now - self._heard)
        return None

    def _gone(self) -> Over:
        self._process.join(1)
        out_of_time = hasattr(signal, "SIGXCPU") and self._process.exitcode == -signal.SIGXCPU
        return Over("late" if out_of_time else "gone", time.monotonic() - self._begin)

    def end(self, farewell: float = 0.0) -> None:
        """End it and all that it started.

        Args:
            farewell: seconds that it has to tidy up.
        """
        process = self._process
        if farewell and process.is_alive():
            with suppress(OSError):
                os.kill(self.pid, signal.SIGTERM)
            process.join(farewell)
        with suppress(OSError, AttributeError):
            os.killpg(self.pid, signal.SIGKILL)
        kill(process)
        process.join()
        process.close()
        self._connection.close()


def _main(connection: Connection, function: Callable[..., None], arguments: tuple[Any, ...], limits: Limits) -> None:
    """The process's main function."""
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)  # not a session: Linux gives each of those the same share of the processor, however nice it is
        os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    give_way()
    torch.set_num_threads(1)
    # What it starts is started as any program of this system starts processes, not as the server does.
    multiprocessing.set_start_method(multiprocessing.get_all_start_methods()[0], force=True)
    _end_with_server(connection)
    _limit(limits)
    sending = threading.Lock()

    def send(message: bytes) -> None:
        with sending:
            connection.send_bytes(message)

    function(send, *arguments)


def _leave(number: int, frame: Any) -> None:
    raise SystemExit


def _end_with_server(connection: Connection) -> None:
    """Watch the pipe in a thread. The server never writes: the pipe's end is the server's."""
    watching = threading.Event()

    def watch() -> None:
        watching.set()
        with suppress(EOFError, OSError):
            connection.recv_bytes()
        if hasattr(os, "killpg"):
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    watching.wait()  # what the thread itself takes is not counted against the memory of the work


def _limit(limits: Limits) -> None:
    """Set this process's limits, where the system has them; what it starts inherits them."""
    try:
        import resource
    except ImportError:  # Windows
        return
    if limits.memory is not None:
        with suppress(OSError, ValueError):
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + limits.memory * 2**20,) * 2)
    if limits.processor is not None:
        with suppress(OSError, ValueError):
            most = round(limits.processor) + 1
            # At equal limits it would be killed without a reason.
            resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
