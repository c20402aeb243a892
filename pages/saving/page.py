"""Step 6, second half: saving and loading."""

import streamlit as st

from pages.index import page
from pages.saving.chosen import choose, first_run
from pages.saving.load_panel import load_panel
from pages.saving.resume_panel import resume_panel
from pages.saving.save_panel import save_panel
from pages.saving.transfer_panel import transfer_panel
from pages.shared.page.section_row import Section, section_row, titles_of
from pages.shared.page.tries import section_tries
from pages.shared.panels.page_text import lesson_text
from pages.shared.person.language import _

SECTIONS = "files section"
with st.sidebar:
    chosen = choose()
with st.container(horizontal=True, vertical_alignment="center"):
    st.title(_(page("saving").heading), anchor=False)
st.caption(
    _(
        "Save a step of a run, look into the file, load it into another network and see what fits. Then continue from "
        "it."
    )
)
panels: dict[str, Section] = {
    "save": (_("Save"), lambda: save_panel(chosen) if chosen else first_run()),
    "load": (_("Load"), lambda: load_panel(chosen)),
    "resume": (_("Continue training"), lambda: resume_panel(chosen)),
    "transfer": (_("Transfer"), transfer_panel),
    "lesson": (_("Lesson"), lambda: lesson_text("saving", tries=section_tries(SECTIONS, titles_of(panels)))),
}
section_row(SECTIONS, panels)
