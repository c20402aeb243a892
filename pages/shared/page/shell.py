"""What stands around every page: its width, the language switch, the link's language."""

from __future__ import annotations

import streamlit as st

from pages.shared.form.controls import begin_page
from pages.shared.person import language, session
from pages.shared.person.language import LANGUAGES, _

TABLES = """<style>
@media (max-width: 640px) {
  [data-testid="stMarkdownContainer"]:has(> table) { overflow-x: auto; }
  [data-testid="stMarkdownContainer"] :is(th, td) { padding: 0.3rem 0.25rem; font-size: 0.9rem; }
}
</style>"""
"""On a phone a table scrolls in a box of its own, not with the page."""


def open_page() -> None:
    """Set up a page's width, title and language; called before anything is drawn."""
    st.set_page_config(page_title="Torch Playground", page_icon="🔥", layout="wide")
    st.html(TABLES)
    session.be_present()
    begin_page()
    linked = st.query_params.get("lang")
    if linked in LANGUAGES and session.get("link_language") != linked:
        session.put("link_language", linked)
        language.choose(linked)


def language_switch() -> None:
    """Draw the switch between the languages."""
    session.put("language_switch", language.current())
    st.segmented_control(
        _("Language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key="language_switch",
        required=True,
        label_visibility="collapsed",
        on_change=lambda: language.choose(session.get("language_switch")),
    )
