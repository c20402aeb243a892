"""The line that says, in a frame where the browser stores nothing for the app, what a reload around it would lose."""

from __future__ import annotations

import streamlit as st

from pages.index import Page
from pages.shared.person import session
from pages.shared.person.language import _
from pages.shared.server.addresses import address


def forgetful_frame_line(row: Page) -> None:
    """Draw it for a tab without a cookie. Only such a frame shows it, see `keptInHistory` in tab.js and page.css."""
    if session.has_cookie():
        return
    with st.container(key="forgetful"):
        st.markdown(f":material/tab: {_secure() if _is_https() else _plain()}".format(tab=address(row.url_path)))


def _is_https() -> bool:
    return (st.context.url or "").startswith("https:")


def _secure() -> str:
    return _(
        "Your browser lets this page store nothing here. If the page around it is reloaded, your runs are out of "
        "sight. Allow cookies for this page, or work in [a tab of its own]({tab})."
    )


def _plain() -> str:
    return _(
        "In a frame over http your browser lets this page store nothing. If the page around it is reloaded, your runs "
        "are out of sight. Work in [a tab of its own]({tab}) until whoever runs this server has set up https."
    )
