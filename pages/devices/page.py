"""Step 6, first half: devices."""

import streamlit as st

from pages.devices.machine_panel import machine_panel
from pages.devices.measured import precision_panel, sweep_panel, threads_panel
from pages.devices.moves import moves_panel
from pages.devices.pitfalls import pitfalls_panel
from pages.index import page
from pages.shared.page.section_row import Section, section_row, titles_of
from pages.shared.page.tries import section_tries
from pages.shared.panels.page_text import lesson_text
from pages.shared.person.language import _

SECTIONS = "devices section"
with st.sidebar:
    machine_panel()
with st.container(horizontal=True, vertical_alignment="center"):
    st.title(_(page("devices").heading), anchor=False)
st.caption(_("Press “Next line” and watch each tensor move. Then make the classic mistakes, and fix them."))
panels: dict[str, Section] = {
    "moves": (_("Three moves"), moves_panel),
    "pitfalls": (_("Classic mistakes"), pitfalls_panel),
    "sweep": (_("CPU and GPU"), sweep_panel),
    "precision": (_("Precision"), precision_panel),
    "threads": (_("Threads"), threads_panel),
    "lesson": (_("Lesson"), lambda: lesson_text("devices", tries=section_tries(SECTIONS, titles_of(panels)))),
}
section_row(SECTIONS, panels)
