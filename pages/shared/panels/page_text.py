"""A page's texts in Markdown. Their code is coloured here: the browser's part of Streamlit would load a script for it
that takes longer than all the rest of a page."""

from __future__ import annotations

import re
from functools import lru_cache

import streamlit as st

from pages.shared.panels.code_panel import code_component, highlighted
from pages.shared.person.language import _, lesson

CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
Part = tuple[str, list[list[tuple[str, str]]]]
"""A piece of prose, or no prose and lines of code as (kind, text) parts."""


def page_text(folder: str, name: str = "lesson") -> None:
    """Draw a page's lesson, or another of its texts, in the session's language."""
    for number, (prose, lines) in enumerate(split(lesson(folder, name))):
        if prose:
            st.markdown(prose)
        else:
            code_component(
                key=f"text {folder} {name} {number}",
                data={
                    "copy": _("Copy"),
                    "copied": _("Copied"),
                    "left_out": "",
                    "lines": [{"marked": False, "parts": parts} for parts in lines],
                },
            )


@lru_cache(maxsize=128)
def split(text: str) -> tuple[Part, ...]:
    """A text's prose and code, in their order."""
    pieces = [piece.strip("\n") for piece in CODE.split(text)]
    return tuple(
        ("", highlighted(piece.split("\n"))) if number % 2 else (piece, [])
        for number, piece in enumerate(pieces)
        if piece
    )
