"""A page's texts in Markdown. Their code is coloured here: the browser's part of Streamlit would load a script for it
that takes longer than all the rest of a page."""

from __future__ import annotations

import re
from contextlib import nullcontext
from functools import lru_cache

import streamlit as st

from pages.shared.panels.code_panel import code_component, highlighted
from pages.shared.person.language import _, lesson

CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FOLD = re.compile(r"^<!-- more: *(?P<title>.+?) *-->$|^<!-- end -->$", re.MULTILINE)
"""Where a folded part begins, with its title, and where it ends."""
HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
"""Ends a folded part as well."""
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


@lru_cache(maxsize=128)
def folds(text: str) -> tuple[Fold, ...]:
    """What of a text is in sight and what is folded away, in their order."""
    pieces = [(title, split(piece)) for title, piece in folded_pieces(text)]
    return tuple((title, parts) for title, parts in pieces if parts)


def folded_pieces(text: str) -> list[tuple[str, str]]:
    """The title and the Markdown of each folded part, and of what is in sight between them, without a title."""
    pieces: list[tuple[str, str]] = []
    begin, title = 0, ""
    for mark in [*FOLD.finditer(text), None]:
        piece = text[begin : mark.start() if mark else len(text)]
        heading = HEADING.search(CODE.sub(lambda code: "." * len(code.group()), piece)) if title else None
        if heading is not None:
            pieces += [(title, piece[: heading.start()]), ("", piece[heading.start() :])]
        else:
            pieces.append((title, piece))
        if mark is not None:
            begin, title = mark.end(), mark["title"] or ""
    return pieces


def split(text: str) -> tuple[Part, ...]:
    """A text's prose and code, in their order."""
    pieces = [piece.strip("\n") for piece in CODE.split(text)]
    return tuple(
        ("", highlighted(piece.split("\n"))) if number % 2 else (piece, [])
        for number, piece in enumerate(pieces)
        if piece
    )
