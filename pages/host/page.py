"""The page of whoever runs the server: who trains, what it takes, and a word to everyone."""

import os

import streamlit as st

from pages.host.board import board
from pages.host.limits_table import limits_table
from pages.host.message import message
from pages.host.opened import OPENED, is_opened
from pages.index import HOST
from pages.shared.page.shell import page_top
from pages.shared.person import session
from pages.shared.person.language import _
from pages.shared.server.host_key import HOST_KEY, host_key, opens


def ask_for_key() -> None:
    """Draw the field for the key."""

    def look() -> None:
        session.put(OPENED, opens(session.get("host key") or "", os.environ))
        session.put("host key wrong", not session.get(OPENED))
        session.put("host key", "")

    with st.form("host form", width=420):
        st.text_input(
            _("Key"), type="password", key="host key", help=_("The key that {name} sets.").format(name=HOST_KEY)
        )
        st.form_submit_button(_("Open"), on_click=look)
    if session.get("host key wrong"):
        st.error(_("This is not the key."), icon=":material/key_off:")


page_top(HOST)
if is_opened():
    board()
    message()
    limits_table()
elif host_key(os.environ):
    ask_for_key()
else:
    st.info(
        _(
            "This page is for whoever runs the server: set {name} to a key of at least 16 characters before the "
            "server starts, then type it here."
        ).format(name=f"`{HOST_KEY}`")
    )
