"""A page's texts in Markdown. Their code is coloured here: the browser's part of Streamlit would load a script for it
that takes longer than all the rest of a page."""

from __future__ import annotations

from contextlib import nullcontext
from functools import lru_cache

import streamlit as st

from pages.shared.panels.code_panel import code_component, highlighted
from pages.shared.person.folds import CODE, folded_pieces
from pages.shared.person.language import _, current, lesson
from pages.shared.person.worksheet import sheet_address

Part = tuple[str, list[list[tuple[str, str]]]]
"""A piece of prose, or no prose and lines of code as (kind, text) parts."""
Fold = tuple[str, tuple[Part, ...]]
"""Pieces in a row: folded away under a title, or in sight if it is empty."""


def page_text(folder: str, name: str = "lesson") -> None:
    """Draw a page's lesson, or another of its texts, in the session's language.

    A line `<!-- more: Title -->` folds away what follows, up to the next such line, a heading, or `<!-- end -->`.
    """
    key = f"text {folder} {name}"
    for place, (title, parts) in enumerate(folds(lesson(folder, name))):
        with st.expander(title, key=f"{key} fold {place}") if title else nullcontext():
            for number, (prose, lines) in enumerate(parts):
                if prose:
                    st.markdown(prose)
                else:
                    code_component(
                        key=f"{key} {place} {number}",
                        data={
                            "copy": _("Copy"),
                            "copied": _("Copied"),
                            "left_out": "",
                            "lines": [{"marked": False, "parts": line} for line in lines],
                        },
                    )


def lesson_text(folder: str, name: str = "lesson") -> None:
    """Draw a lesson, and below it a button that opens its worksheet, if it has one."""
    page_text(folder, name)
    link = sheet_address(folder, name, current())
    if link:
        help = _("The questions of this lesson with room for predictions, without the answers")
        st.link_button(_("Worksheet to print"), link, icon=":material/print:", type="tertiary", help=help)


@lru_cache(maxsize=128)
def folds(text: str) -> tuple[Fold, ...]:
    """What of a text is in sight and what is folded away, in their order."""
    pieces = [(title, split(piece)) for title, piece in folded_pieces(text)]
    return tuple((title, parts) for title, parts in pieces if parts)


def split(text: str) -> tuple[Part, ...]:
    """A text's prose and code, in their order."""
    pieces = [piece.strip("\n") for piece in CODE.split(text)]
    return tuple(
        ("", highlighted(piece.split("\n"))) if number % 2 else (piece, [])
        for number, piece in enumerate(pieces)
        if piece
    )
