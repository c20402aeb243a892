"""Step 8: a laboratory for DataLoader."""

import streamlit as st

from pages.shared.language import _, lesson, tell
from pages.shared.loading_bench import bench
from pages.shared.loading_controls import buttons, settings, share
from pages.shared.loading_results import figures, measurement
from pages.shared.loading_script import code
from pages.shared.pitfalls import pitfalls
from pages.shared.section_row import Section, section_row
from pages.shared.shell import language_switch

space = bench()
with st.sidebar:
    language_switch()
    settings(space)
with st.container(horizontal=True, vertical_alignment="center"):
    st.title(_("Loading data in parallel"), anchor=False)
    share(space)
st.caption(_("Choose a situation: both settings are measured here and now, one after the other. Then turn the knobs."))
for notice in space.notices:
    st.error(tell(notice))
space.notices = []
buttons(space)
measurement(space)


def show_lesson() -> None:
    """What there is to see in the situations."""
    st.markdown(lesson("loading"))
    st.page_link("pages/next.py", label=_("How to go on"), icon=":material/signpost:")


SECTIONS: dict[str, Section] = {
    "lesson": (_("Lesson"), show_lesson),
    "figures": (_("Figures"), lambda: figures(space)),
    "pitfalls": (_("Pitfalls"), pitfalls),
    "code": (_("Code"), lambda: code(space)),
}
section_row("section loading", SECTIONS)
