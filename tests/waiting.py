"""Wait for a condition, never for a time, and never judge by how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds to wait for what must happen: generous, for a slow machine that is busy with much else."""


def until(condition: Callable[[], T], seconds: float = PATIENCE, state: Callable[[], object] | None = None) -> T:
    """Wait until a condition holds.

    Args:
        condition: looked at every few milliseconds.
        seconds: how long to wait.
        state: what the error reports if the condition does not come to hold.

    Returns:
        What the condition returned, which is true.

    Raises:
        AssertionError: the condition did not hold in time.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s" + (f": {state()}" if state else ""))
        time.sleep(0.003)
    return value


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def until_gone(pids: Collection[int]) -> None:
    """Wait until all these processes have ended."""
    until(lambda: all(map(gone, pids)), state=lambda: f"{[pid for pid in pids if not gone(pid)]} still run")
