"""How much memory this machine has left, and how much a process takes."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from core import resources


def available() -> int | None:
    """Bytes that a new process could take now; None where the system does not say."""
    memory = resources.memory()
    return memory.free if memory is not None else None


def taken(process: int) -> int | None:
    """Bytes of memory that a process takes, without files that are mapped; None where the system does not say."""
    kilobytes = _status(process, "RssAnon:")
    return 1024 * kilobytes if kilobytes is not None else None


def private(process: int) -> int | None:
    """Bytes that a process shares with no other, such as the one that it was forked from; None where unknown.

    Linux counts them page by page, which takes some 30 ms.
    """
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))
    except (OSError, ValueError):
        return None


def _status(process: int, name: str) -> int | None:
    """A number that Linux gives of a process."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        return next((int(line.split()[1]) for line in lines if line.startswith(name)), None)
    except (OSError, ValueError):
        return None


def oom_kills() -> int:
    """How many processes the system has ended for lack of memory since it was started; 0 where it does not say."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def go_first() -> None:
    """Have the system end this process before others should the machine have no memory left."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def bound(most: int) -> bool:
    """Have this process take no more memory than it has now and `most` bytes; whether the system can do that."""
    if sys.platform != "linux":
        return False
    import resource

    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        used = 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmData:"))
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (used + most, hard))
        return True
    return False


def unbound() -> None:
    """Undo `bound`, so that what went beyond it can be told and written down."""
    if sys.platform == "linux":
        import resource

        with suppress(OSError, ValueError):
            _, hard = resource.getrlimit(resource.RLIMIT_DATA)
            resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
