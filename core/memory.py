"""How much memory this machine has left."""

from __future__ import annotations

from pathlib import Path


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
