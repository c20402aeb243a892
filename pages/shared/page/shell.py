"""What stands around every page: width, title and foot, the navigation, the language switch, the link's language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from time import sleep as pause
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.engine.manager import manager
from pages.index import Page, neighbours
from pages.shared.form.controls import begin_page
from pages.shared.page.account import account, stop_unless_signed_in
from pages.shared.page.announcing import announcement_line
from pages.shared.page.forgetful_frame import forgetful_frame_line
from pages.shared.page.presenting import presenting_button
from pages.shared.page.readable import READABLE
from pages.shared.person import language, session
from pages.shared.person.language import CODES, LANGUAGES, _
from pages.shared.person.place import say_at_top
from pages.shared.server import first_picture

if TYPE_CHECKING:
    from streamlit.navigation.page import Page as StreamlitPage

NAME = "Torch Playground"
LOGO = Path(__file__).with_name("logo.svg")
STYLE = f"<style>{(Path(__file__).parent / 'page.css').read_text(encoding='utf-8')}</style>"
"""Where things stand on every page."""
document_component = st.components.v2.component(
    "torch_playground_document", js=Path(__file__).with_name("document.js").read_text(encoding="utf-8")
)
"""Unseen: the language of the document, and the sheet of settings on a phone."""
HEAD_START = 0.03
"""Seconds that the top of a page gets before the rest of it is drawn."""
FIRST_HEAD_START = 0.15
"""The same for the first page of a tab, as after a refresh: the browser has scripts of Streamlit's to load for it."""


def title_of(row: Page) -> str:
    """A page's name in the navigation, with the tutorial's step."""
    return f"{row.step} · {_(row.title)}" if row.step else _(row.title)


def in_groups(known: Mapping[Page, StreamlitPage]) -> dict[str, list[StreamlitPage]]:
    """The pages as the navigation shows them: those of no group, then each group under its title."""
    titles = {"": "", "train": _("Train"), "inside": _("Look inside"), "tools": _("Tools")}
    return {title: [page for row, page in known.items() if row.group == group] for group, title in titles.items()}


def asked_for(known: Mapping[Page, StreamlitPage]) -> Page:
    """The page that the browser asks for, before the navigation is drawn; the first where it asks for none of these."""
    script = get_script_run_ctx()
    if script is not None:
        asked = script.pages_manager
        for row, page in known.items():
            if asked.intended_page_script_hash == page._script_hash:
                return row
            if not asked.intended_page_script_hash and asked.intended_page_name == row.url_path:
                return row
    return next(iter(known))


def begin() -> None:
    """Before anything else of a page: see that its person may see it, count the tab, take the link's language."""
    stop_unless_signed_in()
    session.be_present()
    begin_page()
    linked = st.query_params.get("lang")
    if linked in LANGUAGES and session.get("link_language") != linked:
        session.put("link_language", linked)
        language.choose(linked)


def open_page(row: Page) -> None:
    """Set up a page's width and title, and say what has to be said at once; called before anything is drawn.

    The switch between the languages, where it stands at the left, comes before the navigation, which else would be
    drawn over the whole width and make room for the sidebar a moment later.
    """
    title = NAME if row.folder == "home" else f"{_(row.heading)} · {NAME}"
    st.set_page_config(page_title=title, page_icon=LOGO, layout="wide")
    st.logo(LOGO, size="large")
    drawer = _("Settings") if row.settings else _("Menu")
    st.html(f"{STYLE}{READABLE}<style>:root {{ --tp-drawer: {json.dumps(drawer, ensure_ascii=False)}; }}</style>")
    announcement_line()
    forgetful_frame_line(row)
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
    if row.settings:
        with st.sidebar, st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            language_switch()
            account(narrow=True)


def page_top(row: Page) -> None:
    """Draw the title of a page without settings at its left, and the switch between the languages beside it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(NAME if row.folder == "home" else _(row.heading), anchor=False)
        account()
        language_switch()


def enter(row: Page) -> None:
    """Note which page this run of the script draws, by its address."""
    page, before = row.url_path, session.get("page")
    session.put("head start", 0 if before == page else HEAD_START if before is not None else FIRST_HEAD_START)
    session.put("page", page)
    if before != page:
        session.put("picture", first_picture.expect() if row.experiment else "")
    if not row.experiment:  # there the live view says it
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


def leave(row: Page) -> None:
    """Draw the foot of a page: the pages before and after it, and, unseen, what the browser has to know of it."""
    before, after = neighbours(row)
    if before or after:
        with st.container(key="foot", horizontal=True, horizontal_alignment="distribute"):
            if before:
                st.page_link(before.script, label=title_of(before), icon=":material/arrow_back:")
            if after:
                st.page_link(
                    after.script, label=title_of(after), icon=":material/arrow_forward:", icon_position="right"
                )
    presenting_button()
    document_component(key="document", data={"lang": CODES[language.current()]})
