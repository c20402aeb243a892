"""A page's texts in Markdown. Their code is coloured here: the browser's part of Streamlit would load a script for it
that takes longer than all the rest of a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import streamlit as st

from pages.shared.panels.code_panel import code_component, highlighted
from pages.shared.person.claims import claims
from pages.shared.person.folds import CODE, TRIES, TRY, folded_pieces
from pages.shared.person.language import PAGES, _, current, lesson
from pages.shared.person.worksheet import sheet_address


class Part(NamedTuple):
    """A piece of a text: prose, lines of code as (kind, text) parts, or what there are buttons for."""

    prose: str = ""
    lines: tuple[list[tuple[str, str]], ...] = ()
    tries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tries:
    """What a page does with the things to try that its texts name.

    Attributes:
        label: what a button says.
        start: does it, before the page is drawn again.
        starts: whether something runs then.
    """

    label: Callable[[Mapping[str, Any]], str]
    start: Callable[[Mapping[str, Any]], None]
    starts: Callable[[Mapping[str, Any]], bool] = lambda values: False


Fold = tuple[str, tuple[Part, ...]]
"""Pieces in a row: folded away under a title, or in sight if it is empty."""


def page_text(folder: str, name: str = "lesson", tries: Tries | None = None) -> None:
    """Draw a page's lesson, or another of its texts, in the session's language.

    A line `<!-- more: Title -->` folds away what follows, up to the next such line, a heading, or `<!-- end -->`. A
    line `<!-- try: {"lr": 0.1} -->` is a button that sets what stands there and starts it; it may name one of the
    page's claims instead of values, whose config it takes.
    """
    key = f"text {folder} {name}"
    for place, (title, parts) in enumerate(folds(lesson(folder, name))):
        with st.expander(title, key=f"{key} fold {place}") if title else nullcontext():
            for number, (prose, lines, wanted) in enumerate(parts):
                if prose:
                    st.markdown(prose)
                elif wanted and tries is not None:
                    _try_buttons(folder, wanted, tries, f"{key} {place} {number}")
                elif lines:
                    code_component(
                        key=f"{key} {place} {number}",
                        data={
                            "copy": _("Copy"),
                            "copied": _("Copied"),
                            "left_out": "",
                            "lines": [{"marked": False, "parts": line} for line in lines],
                        },
                    )


def lesson_text(folder: str, name: str = "lesson", tries: Tries | None = None) -> None:
    """Draw a lesson, and below it a button that opens its worksheet, if it has one."""
    page_text(folder, name, tries)
    link = sheet_address(folder, name, current())
    if link:
        help = _("The questions of this lesson with room for predictions, without the answers")
        st.link_button(_("Worksheet to print"), link, icon=":material/print:", type="tertiary", help=help)


def tried(folder: str, text: str) -> dict[str, Any]:
    """The values that a line of a page's text asks for: in JSON, or those of one of the page's claims.

    Raises:
        KeyError: the page makes no such claim.
        ValueError: it is no JSON.
    """
    values: dict[str, Any] = json.loads(text) if text.startswith("{") else dict(claims(PAGES / folder)[text].config)
    return values


def _try_buttons(folder: str, wanted: tuple[str, ...], tries: Tries, key: str) -> None:
    with st.container(horizontal=True, key=f"{key} tries"):
        for number, text in enumerate(wanted):
            values = tried(folder, text)
            icon = ":material/play_arrow:" if tries.starts(values) else ":material/arrow_forward:"
            label = tries.label(values)
            if label:
                st.button(label, key=f"{key} try {number}", icon=icon, on_click=tries.start, args=(values,))


@lru_cache(maxsize=128)
def folds(text: str) -> tuple[Fold, ...]:
    """What of a text is in sight and what is folded away, in their order."""
    pieces = [(title, split(piece)) for title, piece in folded_pieces(text)]
    return tuple((title, parts) for title, parts in pieces if parts)


def split(text: str) -> tuple[Part, ...]:
    """A text's prose, code and buttons, in their order."""
    parts: list[Part] = []
    for number, piece in enumerate(CODE.split(text)):
        if number % 2:
            parts.append(Part(lines=tuple(highlighted(piece.strip("\n").split("\n")))))
            continue
        for place, prose in enumerate(TRIES.split(piece)):
            parts.append(Part(tries=tuple(TRY.findall(prose))) if place % 2 else Part(prose.strip("\n")))
    return tuple(part for part in parts if any(part))
