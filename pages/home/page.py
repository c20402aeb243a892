"""The home page: what this is, the eight steps, and what the machine has."""

import streamlit as st

from core.devices import devices
from pages.index import PAGES, page
from pages.shared.panels.page_text import page_text
from pages.shared.person.language import _

st.title("Torch Playground", anchor=False)
page_text("home")
st.page_link(page("classifier").script, label=_("Start with step 1"), icon=":material/play_circle:")
st.subheader(_("Eight steps"), anchor=False)
for number in range(1, 9):
    first, *further = [row for row in PAGES if row.step == number]
    if number % 2:
        columns = st.columns(2)
    with columns[(number - 1) % 2].container(border=True, height="stretch"):
        st.page_link(first.script, label=f"**{number} · {_(first.on_home)}**", icon=":material/arrow_forward:")
        st.caption(_(first.sentence))
        for row in further:
            st.page_link(row.script, label=_(row.on_home), icon=":material/arrow_forward:")
st.subheader(_("This machine"), anchor=False)
for device in devices():
    if device.missing:
        st.markdown(f":gray[**{device.name}** · {_(device.title)} · {_(device.missing)}]")
    else:
        st.markdown(f"**{device.name}** · {_(device.title)}")
