"""Rows of titles, one of them chosen; the choice is as it was left after a refresh and on the next visit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from pages.shared.person import session
from pages.shared.person.language import _

Section = tuple[str, Callable[[], object]]
"""A section: its title, and the function that draws it."""


def section_row(key: str, sections: Mapping[str, Section]) -> None:
    """Draw the row of a page's sections, and below it the one chosen.

    Args:
        key: the row's widget, which differs from page to page.
        sections: the one for a first visit first.
    """
    sections[remembered(st.segmented_control, _("Sections"), key, titles_of(sections))][1]()


def titles_of(sections: Mapping[str, Section]) -> dict[str, str]:
    """The titles of sections by their names."""
    return {name: title for name, (title, _draw) in sections.items()}


def remembered(draw: Callable[..., Any], label: str, key: str, titles: Mapping[str, str]) -> str:
    """Draw a row of titles without its label, and return the name chosen.

    Args:
        draw: st.segmented_control or st.pills.
        titles: name -> title, the one for a first visit first.
    """
    if session.get(key) not in titles:
        known = session.preference(key)
        session.put(key, known if known in titles else next(iter(titles)))
    chosen = draw(
        label,
        list(titles),
        default=session.get(key),  # for a browser that missed what was put, see controls
        format_func=titles.__getitem__,
        required=True,
        key=key,
        on_change=lambda: session.prefer(key, session.get(key)),
        label_visibility="collapsed",
    )
    return str(chosen)
