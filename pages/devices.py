"""Step 6, first half: devices."""

import streamlit as st

from pages.shared.devices.machine_panel import machine_panel
from pages.shared.devices.measured import precision_panel, sweep_panel, threads_panel
from pages.shared.devices.moves import moves_panel
from pages.shared.devices.pitfalls import pitfalls_panel
from pages.shared.language import _, lesson
from pages.shared.section_row import Section, section_row
from pages.shared.shell import language_switch

with st.sidebar:
    language_switch()
    machine_panel()
st.title(_("Devices"), anchor=False)
st.caption(_("Press “Next line” and watch each tensor move. Then make the classic mistakes, and mend them."))
panels: dict[str, Section] = {
    "moves": (_("Three moves"), moves_panel),
    "pitfalls": (_("Classic mistakes"), pitfalls_panel),
    "sweep": (_("CPU and GPU"), sweep_panel),
    "precision": (_("Precision"), precision_panel),
    "threads": (_("Threads"), threads_panel),
    "lesson": (_("Lesson"), lambda: st.markdown(lesson("devices"))),
}
section_row("devices section", panels)
