"""Pages by their names: links to them, and what they are called."""

from __future__ import annotations

import streamlit as st

from pages.index import page, page_of
from pages.shared.person.language import _


def link_to(folder: str, label: str) -> None:
    """A link to another page, with that page's icon."""
    st.page_link(page(folder).script, label=label, icon=page(folder).icon)


def experiment_title(name: str) -> str:
    """An experiment's name on the screen, as the navigation has it; its plain name where it has no page."""
    row = page_of(name)
    return _(row.title) if row else name
