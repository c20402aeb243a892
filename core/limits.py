"""How much a server takes on, how much of it one person may take, and how much memory this machine has left."""

from __future__ import annotations

from pathlib import Path

GRACE = 60.0
"""Seconds that a run continues after the last of its owner's tabs was closed."""
RUNS_PER_OWNER = 3
"""Runs alive at once for one person; one more ends the oldest."""
RUNS_AT_ONCE = 64
"""Runs alive at once on a server."""
RUNS_IN_MEMORY = 40
"""Runs of the past held in memory; others are read from their folders when they are asked for."""
KEPT_RUNS = 60
"""Runs kept on disk for each person; the oldest ones go first."""
LOG_BYTES = 20_000_000
"""Bytes that the log of a run may take."""
LOGS_BYTES = 300_000_000
"""Bytes that all logs of one person may take."""


def available() -> int | None:
    """Bytes that a new process could take now; None where the system does not say."""
    free = [_of_system(), _of_container()]
    known = [count for count in free if count is not None]
    return min(known) if known else None


def _of_system() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")), None)


def _of_container() -> int | None:
    """What the control group of a container leaves; files it has cached can be given up."""
    group = Path("/sys/fs/cgroup")
    try:
        most = (group / "memory.max").read_text().strip()
        used = int((group / "memory.current").read_text())
        facts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return None
    return None if most == "max" else int(most) - used + int(facts.get("inactive_file", 0))
