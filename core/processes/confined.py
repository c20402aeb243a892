"""Work that may go wrong or take long, done in a process of its own with limits on memory, time and files."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from core.config import Problem

MEMORY = 480
"""Megabytes that such work may take beyond what every process of the app has."""
SECONDS = 18
"""Seconds that it may take, by the processor's clock and by the one on the wall."""
AT_ONCE = max(2, (os.cpu_count() or 2) // 2)
"""How many such processes a server has at one time; others wait their turn."""
LONGEST_ANSWER = 512 * 2**20
"""Bytes of what it may hand back."""
KNOWN_FAILURES = (MemoryError, RuntimeError, OSError, ValueError, TypeError, ArithmeticError, LookupError)

_places = threading.BoundedSemaphore(AT_ONCE)


class Unable(Exception):
    """What was asked can't be done. `problem` says why in one sentence."""

    def __init__(self, problem: Problem):
        super().__init__(str(problem))
        self.problem = problem


def confined(
    function: Callable[..., bytes], *arguments: Any, seconds: float = SECONDS, memory: int | None = MEMORY
) -> bytes:
    """Call a module's function in a process of its own.

    The answer is bytes, never a pickle: whatever happened in there, nothing of it is run here.

    Args:
        function: raises `Unable` for what it can't do.
        seconds: how long it may take.
        memory: megabytes that it may take; None for our own measurements: a GPU's driver maps
            far more than it takes, and several threads use more of the processor's time than the clock shows.

    Raises:
        Unable: it can't be done, or went beyond a limit.
    """
    if not _places.acquire(timeout=3 * seconds):
        raise Unable(Problem("", "The server is busy with other people's files: try again in a moment."))
    try:
        return _call(function, arguments, seconds, memory)
    finally:
        _places.release()


def _call(function: Callable[..., bytes], arguments: tuple[Any, ...], seconds: float, memory: int | None) -> bytes:
    context: Any = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    if sys.platform != "win32":
        context.set_forkserver_preload(["core.engine.warm"])  # the very server of processes that runs are forked from
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, function, arguments, seconds, memory), daemon=True)
    process.start()
    theirs.close()
    answer = b""
    try:
        if ours.poll(seconds + 2):
            with suppress(EOFError, OSError):
                answer = ours.recv_bytes(LONGEST_ANSWER)
        else:
            answer = b"T"
    finally:
        ours.close()
        process.kill()
        process.join()
        ended = process.exitcode
        process.close()
    if answer[:1] == b"R":
        return answer[1:]
    if answer[:1] == b"P":
        known = json.loads(answer[1:])
        raise Unable(Problem("", str(known["sentence"]), dict(known["values"])))
    if answer[:1] == b"T" or ended == -24:  # SIGXCPU
        raise Unable(Problem("", "This takes longer than {most} seconds and was given up.", {"most": round(seconds)}))
    if answer[:1] == b"M":
        raise Unable(Problem("", "This needs more than {most} MB of memory and was given up.", {"most": memory}))
    raise Unable(Problem("", "This ended without a result: it is too large, or it is damaged."))


def _work(
    connection: Connection,
    function: Callable[..., bytes],
    arguments: tuple[Any, ...],
    seconds: float,
    memory: int | None,
) -> None:
    """The process's main function."""
    _limit(seconds, memory)
    try:
        answer = b"R" + function(*arguments)
    except Unable as refused:
        answer = b"P" + json.dumps({"sentence": refused.problem.sentence, "values": refused.problem.values}).encode()
    except KNOWN_FAILURES as error:
        answer = b"M" if isinstance(error, MemoryError) or "allocate memory" in str(error) else b"E"
    with suppress(OSError, ValueError, MemoryError):
        connection.send_bytes(answer)


def _limit(seconds: float, memory: int | None) -> None:
    """Set this process's limits, where the system has them."""
    try:
        import resource
    except ImportError:  # Windows: the clock on the wall and the checks before must do
        return
    if memory is None:
        return
    with suppress(OSError, ValueError):
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + memory * 2**20,) * 2)
    with suppress(OSError, ValueError):
        most = round(seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))  # at equal limits it would be killed without a reason
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
