"""Step 6, second half: saving and loading."""

import streamlit as st

from pages.shared.files.chosen import choose, first_run
from pages.shared.files.load_panel import load_panel
from pages.shared.files.resume_panel import resume_panel
from pages.shared.files.save_panel import save_panel
from pages.shared.files.transfer_panel import transfer_panel
from pages.shared.language import _, lesson
from pages.shared.section_row import Section, section_row
from pages.shared.shell import language_switch

with st.sidebar:
    language_switch()
    chosen = choose()
st.title(_("Saving and loading"), anchor=False)
st.caption(
    _("Save a step of a run, look into the file, load it into another network and see what fits. Then go on from it.")
)
panels: dict[str, Section] = {
    "save": (_("Save"), lambda: save_panel(chosen) if chosen else first_run()),
    "load": (_("Load"), lambda: load_panel(chosen)),
    "resume": (_("Go on"), lambda: resume_panel(chosen)),
    "transfer": (_("Transfer"), transfer_panel),
    "lesson": (_("Lesson"), lambda: st.markdown(lesson("saving"))),
}
section_row("files section", panels)
