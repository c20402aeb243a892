"""The line at the top of every page that says what the host of the server announces."""

from __future__ import annotations

import streamlit as st

from pages.shared.person.language import plain
from pages.shared.server import announcement


@st.fragment
def announcement_line() -> None:
    """Draw it where there is one; it comes and goes in an open tab by itself."""
    announcement.note_part()
    text = announcement.announced()
    if text:
        with st.container(key="announcement"):
            st.markdown(f":material/campaign: {plain(text)}")
