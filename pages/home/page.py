"""The home page: a run that moves, one button to begin, and a card for each page."""

from urllib.parse import urlsplit

import streamlit as st

from core.devices import Device, devices
from pages.home.cards import cards
from pages.home.hero import hero
from pages.home.leaving import follow
from pages.index import page
from pages.shared.page.links import shared_link
from pages.shared.page.share import share_popover
from pages.shared.page.shell import page_top
from pages.shared.panels.page_text import page_text
from pages.shared.person.language import _
from pages.shared.server.reach import is_reachable


def in_words(device: Device) -> str:
    """What this machine has to compute on, or why it hasn't."""
    words = [f"**{device.name}**", _(device.title), _(device.missing) if device.missing else ""]
    return " · ".join(filter(None, words))


def where_it_is() -> None:
    """What the link of the home page opens, where it leads anyone else anywhere."""
    if is_reachable(urlsplit(shared_link("home", {}))):
        st.write(_("Others in the same network open the app at this address."))


follow()
page_top(page("home"))
moving, words = st.columns([2, 3], gap="medium")
with moving:
    hero()
with words:
    with st.container(horizontal=True):
        if st.button(_("Start with step 1"), type="primary", icon=":material/play_circle:"):
            st.switch_page(page("classifier").script)
        share_popover("home", {}, where_it_is, "share home")
    page_text("home")
    st.caption("  \n".join(map(in_words, devices())))
st.header(_("Eight steps"), anchor=False)
cards()
