"""Whether the server lives, and whether it is ready: what a supervisor or a proxy asks every few seconds."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from core.disk import DiskError, check_writable
from core.engine.manager import manager
from pages.shared.server.end import is_ending

LOOK_INTERVAL = 5.0
"""Seconds for which an answer counts as new: the disk is not asked at every request."""
SLOW_DISK = 10.0
"""Seconds after which a disk that has not answered counts as one that can't be written."""
FEWEST_HANDLES = 50
"""File handles that have to be left."""

warmed = threading.Event()
"""Set once the first run starts as fast as all others."""


class Readiness:
    """Looks at most every `LOOK_INTERVAL` seconds, in the thread of whoever asks.

    Args:
        clock: the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._look = threading.Lock()
        self._look_time: float | None = None
        self._begin = 0.0
        self._stored = ""

    def reasons(self) -> list[str]:
        """Why the server is not ready, in a few words each; none where it is."""
        if self._look.acquire(blocking=False):
            try:
                now = self._clock()
                if self._look_time is None or now - self._look_time >= LOOK_INTERVAL:
                    self._begin = now
                    self._stored = storage_trouble()
                    self._look_time = now
            finally:
                self._look.release()
        elif self._clock() - self._begin > SLOW_DISK:
            return ["the data folder does not answer"]
        few = (left := handles_left()) is not None and left < FEWEST_HANDLES
        return [
            *(["ending"] if is_ending() else []),
            *([] if warmed.is_set() else ["starting"]),
            *([] if (cluster := manager().cluster()) is None or cluster.answers else ["the cluster does not answer"]),
            *([self._stored] if self._stored else []),
            *(["few file handles left"] if few else []),
        ]


def storage_trouble() -> str:
    """What is wrong with the data folder; empty for nothing. Its path is not said."""
    try:
        check_writable(manager().store.root)
    except DiskError as error:
        return f"the data folder can't be written: {error.reason}"
    return "the index can't be read" if manager().store.index.unreadable else ""


def handles() -> tuple[int, int] | None:
    """How many file handles this process has open, and how many it may have; None where the system does not say."""
    if sys.platform == "win32":
        return None
    import resource

    with suppress(OSError):
        most, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        known = sum(1 for _handle in Path("/proc/self/fd").iterdir())
        return known, most if most != resource.RLIM_INFINITY else sys.maxsize
    return None


def handles_left() -> int | None:
    """How many more file handles this process may open; None where the system does not say."""
    known = handles()
    return None if known is None else known[1] - known[0]


readiness = Readiness()
"""The server's."""
