"""The names of the three cells whose networks train side by side."""

from __future__ import annotations

from core.settings import CELLS


def cell_words(cell: str, compare: bool) -> dict[str, str]:
    """The lanes' names, for titles and legend: a cell also names its network's lane; the chosen one's is called "run".

    Args:
        cell: the one chosen.
        compare: whether all three train side by side; if not, no lane needs a name.
    """
    lanes = {"run": cell, **{name: name for name in CELLS}} if compare else {}
    return {f"{kind}_{lane}": name for lane, name in lanes.items() for kind in ("lane", "lane_short")}
