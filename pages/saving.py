"""Step 6, second half: saving and loading."""

import streamlit as st

from pages.shared.files.chosen import choose, first_run
from pages.shared.files.load_panel import load_panel
from pages.shared.files.resume_panel import resume_panel
from pages.shared.files.save_panel import save_panel
from pages.shared.files.transfer_panel import transfer_panel
from pages.shared.language import _, lesson
from pages.shared.section_row import section_row
from pages.shared.shell import language_switch

with st.sidebar:
    language_switch()
    chosen = choose()
st.title(_("Saving and loading"), anchor=False)
st.caption(
    _("Save a step of a run, look into the file, load it into another network and see what fits. Then go on from it.")
)
panels = {"save": _("Save"), "load": _("Load"), "resume": _("Go on"), "transfer": _("Transfer"), "lesson": _("Lesson")}
panel = section_row("files", panels)
if panel == "save":
    if chosen is None:
        first_run()
    else:
        save_panel(chosen)
elif panel == "load":
    load_panel(chosen)
elif panel == "resume":
    resume_panel(chosen)
elif panel == "transfer":
    transfer_panel()
elif panel == "lesson":
    st.markdown(lesson("saving"))
