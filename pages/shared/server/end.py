"""The server's end: all runs and jobs end as soon as a signal tells it to end, and no browser can delay that."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from types import FrameType

from core.engine import jobs
from core.engine.manager import manager

PATIENCE = 1.0
"""Seconds that the web server may still take to say goodbye to browsers once all runs are ended."""

SHELLS = 128
"""What shells add to a signal's number in the exit status of a program that it ended."""

_ending = threading.Lock()
_signal: int | None = None


def end_when_told() -> None:
    """Have a signal that ends the server end the runs at once, before the web server waits for open connections.

    A browser that does not answer, such as that of a laptop which is asleep, would hold up the end of all runs for as
    long as the system that gave the signal has patience, and then all would be killed.
    """
    if threading.current_thread() is threading.main_thread():
        atexit.register(_leave)
        for number in (signal.SIGTERM, signal.SIGINT):
            _add_to(number)


def is_ending() -> bool:
    """Whether a signal told the server to end."""
    return _signal is not None


def _add_to(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    def told(number: int, frame: FrameType | None) -> None:
        global _signal
        _signal = number
        threading.Thread(target=_end, name="end", daemon=True).start()
        if callable(before):
            before(number, frame)

    signal.signal(number, told)


def _end() -> None:
    if not _ending.acquire(blocking=False):
        return
    manager().close()
    jobs.close()
    time.sleep(PATIENCE)
    _leave()


def _leave() -> None:
    """Leave without tidying up, which takes Python a second and more once it has PyTorch loaded."""
    if _signal is not None:
        sys.stdout.flush()
        os._exit(SHELLS + _signal if _signal == signal.SIGINT else 0)
