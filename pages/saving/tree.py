"""What is in a file: a tree of names, shapes and kinds of numbers, with a bar for the bytes."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.files.contents import MOST_ROWS, Row
from pages.shared.live.component import file_component
from pages.shared.person.language import _

FOLDED = ("config", "metrics")
"""Branches that are folded away at first."""
tree_component = file_component("torch_playground_file_tree", __file__)


def file_tree(rows: Sequence[Row], key: str) -> None:
    """Draw a file's rows as a tree."""
    depths = [*(row.depth for row in rows[1:]), 0][: len(rows)]
    lines = [
        {
            "depth": row.depth,
            "name": row.name,
            "shown": row.shown,
            "dtype": row.dtype,
            "bytes": row.bytes,
            "size": in_bytes(row.bytes),
            "inner": below > row.depth,
            "folded": below > row.depth and row.name in FOLDED,
        }
        for row, below in zip(rows, depths, strict=True)
    ]
    tensors = sum(1 for row in lines if row["bytes"] and not row["inner"])
    label = _("What is in the file, tensors: {count}").format(count=tensors)
    tree_component(key=key, data={"rows": lines, "label": label})
    if len(rows) == MOST_ROWS:
        st.caption(_("The first {count} lines are shown.").format(count=MOST_ROWS))


def in_bytes(size: int) -> str:
    """A size in words that can be compared at a glance."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} KB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
