"""Step 8: a laboratory for DataLoader."""

import streamlit as st

from pages.index import page
from pages.loading.bench import bench
from pages.loading.pitfalls import pitfalls
from pages.loading.results import figures, measurement
from pages.loading.script_panel import code
from pages.loading.settings_panel import buttons, settings, share, take_settings, tries
from pages.shared.page.links import link_to
from pages.shared.page.section_row import Section, section_row
from pages.shared.page.shell import picture_first
from pages.shared.panels.page_text import lesson_text
from pages.shared.person.language import _, tell

space = bench()
take_settings(space)
with st.container(horizontal=True, vertical_alignment="center"):
    st.title(_(page("loading").heading), anchor=False)
    share(space)
st.caption(
    _("Choose a situation: its two settings are measured here and now, one after the other. Then change them yourself.")
)
for notice in space.notices:
    st.error(tell(notice))
space.notices = []
buttons(space)
measurement(space)
picture_first()
with st.sidebar:
    settings(space)


def show_lesson() -> None:
    """What there is to see in the situations."""
    lesson_text("loading", tries=tries(space))
    link_to("next", _("Where to go next"))


SECTIONS: dict[str, Section] = {
    "lesson": (_("Lesson"), show_lesson),
    "figures": (_("Figures"), lambda: figures(space)),
    "pitfalls": (_("Pitfalls"), pitfalls),
    "code": (_("Code"), lambda: code(space)),
}
section_row("section loading", SECTIONS)
