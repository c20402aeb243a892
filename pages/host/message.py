"""A message to everyone who has a page open."""

from __future__ import annotations

import streamlit as st

from pages.shared.person import session
from pages.shared.person.language import _, plain
from pages.shared.server.announcement import LONGEST, announce, announced


def message() -> None:
    """Draw the field for it, and what is said now."""
    st.header(_("Message to everyone"), anchor=False)
    with st.form("host message form"):
        st.text_input(
            _("It is shown at the top of every page, exactly as you write it, until you take it back."),
            key="host message",
            max_chars=LONGEST,
        )
        with st.container(horizontal=True):
            st.form_submit_button(
                _("Show it to everyone"),
                icon=":material/campaign:",
                on_click=lambda: announce(session.get("host message")),
            )
            if announced():
                st.form_submit_button(_("Take it back"), on_click=lambda: announce(""))
    if announced():
        st.caption(_("Shown now: {text}").format(text=plain(announced())))
