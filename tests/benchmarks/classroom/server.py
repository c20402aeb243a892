"""What the server holds and uses, as Linux counts it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tests.browser.app import App


@dataclass(frozen=True)
class Holding:
    """What the server holds at one moment.

    Attributes:
        handles: its open file handles.
        megabytes: memory that only the server's own process holds.
        workers: how many workers there are.
        worker_megabytes: memory that only the worker in the middle holds.
    """

    handles: int
    megabytes: float
    workers: int
    worker_megabytes: float


def holding(app: App) -> Holding:
    """Count now."""
    workers = app.workers()
    sizes = sorted(private_megabytes(pid) for pid in workers)
    return Holding(
        handles(app), private_megabytes(app.process.pid), len(workers), sizes[len(sizes) // 2] if sizes else 0
    )


def handles(app: App) -> int:
    """The server's open file handles."""
    return len(list(Path(f"/proc/{app.process.pid}/fd").iterdir()))


def private_megabytes(process: int) -> float:
    """Memory that only this process holds; 0 for one that has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private")) / 1024


def processor_seconds(process: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
