"""What stands around every page: its width, the language switch, the link's language."""

from __future__ import annotations

from pathlib import Path
from time import sleep as pause

import streamlit as st

from core.engine.manager import manager
from pages.index import PAGES
from pages.shared.form.controls import begin_page
from pages.shared.person import language, session
from pages.shared.person.language import LANGUAGES, _
from pages.shared.person.place import say_at_top
from pages.shared.server import first_picture

STYLE = f"<style>{(Path(__file__).parent / 'page.css').read_text(encoding='utf-8')}</style>"
"""Where things stand on every page."""
HEAD_START = 0.03
"""Seconds that the top of a page gets before the rest of it is drawn."""
FIRST_HEAD_START = 0.15
"""The same for the first page of a tab, as after a refresh: the browser has scripts of Streamlit's to load for it."""


def open_page() -> None:
    """Set up a page's width, title and language; called before anything is drawn.

    The switch between the languages comes before the navigation, which else would be drawn over the whole width and
    make room for the sidebar a moment later.
    """
    st.set_page_config(page_title="Torch Playground", page_icon="🔥", layout="wide")
    st.html(STYLE)
    session.be_present()
    begin_page()
    linked = st.query_params.get("lang")
    if linked in LANGUAGES and session.get("link_language") != linked:
        session.put("link_language", linked)
        language.choose(linked)
    unstored = session.get("unstored")
    if unstored is not None:
        session.put("unstored", None)
        st.toast(language.tell(unstored), icon=":material/save:")
    if manager().store.index.unreadable:
        st.warning(
            _("What you have stored can't be read at the moment ({reason}): it is not lost.").format(
                reason=language.reason(manager().store.index.unreadable)
            ),
            icon=":material/save:",
        )
    with st.sidebar:
        language_switch()


def enter(page: str) -> None:
    """Note which page this run of the script draws, by its address."""
    before = session.get("page")
    trains = any(row.url_path == page and row.experiment for row in PAGES)
    session.put("head start", 0 if before == page else HEAD_START if before is not None else FIRST_HEAD_START)
    session.put("page", page)
    if before != page:
        session.put("picture", first_picture.expect() if trains else "")
    if not trains:  # there the live view says it
        say_at_top(before != page)


def picture_first() -> None:
    """Let what was drawn of a page just opened leave for the browser, which paints in one go what comes at once.

    Streamlit sends what a script has drawn every 10 ms, and its browser's part collects for 10 ms before it paints. A
    live view says when its picture is there.
    """
    head_start = session.get("head start")
    if head_start and session.get("picture"):
        first_picture.wait(session.get("picture"))
    elif head_start:
        pause(head_start)


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
