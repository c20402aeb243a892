"""Whether a run would fit into the memory that there is."""

from __future__ import annotations

from core.config import Problem
from core.memory import available

RESERVE = 400_000_000
"""Bytes that a run must leave to everything else."""


def too_large(needed: int) -> Problem | None:
    """Why a run that takes this many bytes can't start; None if it can."""
    here = available()
    if here is None or needed <= here - RESERVE:
        return None
    return Problem(
        "",
        "Training would take about {needed} GB of memory, and {here} GB are free: take a smaller width, size or batch.",
        {"needed": f"{needed / 1e9:.1f}", "here": f"{max(0, here - RESERVE) / 1e9:.1f}"},
    )


__all__ = ["RESERVE", "available", "too_large"]
