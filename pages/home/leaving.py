"""Where a click on Home leads: noted when it comes, followed before anything is drawn again."""

from __future__ import annotations

import streamlit as st

from pages.index import page
from pages.shared.person import session

NOTED = "home leads to"


def lead_to(folder: str) -> None:
    """Note the page to go to; for callbacks, which can't go anywhere."""
    session.put(NOTED, folder)


def follow() -> None:
    """Go there."""
    folder = session.get(NOTED)
    if folder is not None:
        session.put(NOTED, None)
        st.switch_page(page(folder).script)
