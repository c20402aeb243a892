"""A row of a page's sections, which is as it was left after a refresh and on the next visit."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.shared import session
from pages.shared.language import _


def section_row(page: str, titles: Mapping[str, str]) -> str:
    """Draw the row, and return the section chosen.

    Args:
        titles: name -> title of each section, the one for a first visit first.
    """
    key = f"{page} section"
    if session.get(key) not in titles:
        known = session.preference(key)
        session.put(key, known if known in titles else next(iter(titles)))
    chosen = st.segmented_control(
        _("Sections"),
        list(titles),
        format_func=titles.__getitem__,
        required=True,
        key=key,
        on_change=lambda: session.prefer(key, session.get(key)),
        label_visibility="collapsed",
    )
    return str(chosen)
