"""How much memory there is, and whether a run would fit into it."""

from __future__ import annotations

from pathlib import Path

from core.config import Problem

RESERVE = 400_000_000
"""Bytes that a run must leave to everything else."""


def available() -> int | None:
    """Bytes that a new process could take now; None where the system does not say."""
    found = [_of_system(), _of_container()]
    known = [count for count in found if count is not None]
    return min(known) if known else None


def fits(needed: int) -> Problem | None:
    """Why a run that takes so many bytes can't start, if it can't."""
    here = available()
    if here is None or needed <= here - RESERVE:
        return None
    return Problem(
        "",
        "Training would take about {needed} GB of memory, and {here} GB are free: take a smaller width, size or batch.",
        {"needed": f"{needed / 1e9:.1f}", "here": f"{max(0, here - RESERVE) / 1e9:.1f}"},
    )


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
