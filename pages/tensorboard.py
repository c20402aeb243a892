"""Step 4: TensorBoard."""

import streamlit as st

from core.processes.programs import Program
from pages.shared.first_log import first_log
from pages.shared.language import _, lesson
from pages.shared.program_run import program_run
from pages.shared.sections import Section
from pages.shared.shell import language_switch

with st.sidebar:
    language_switch()
st.title(_("TensorBoard"), anchor=False)
st.caption(_("Change the function and see what one line of code leaves in a file, record by record."))


def mistakes() -> None:
    """What goes wrong in logging, as programs to run."""
    titles = {
        "one_folder": _("Two runs in one folder"),
        "no_flush": _("No flush, no close"),
        "tensor": _("A tensor instead of .item()"),
    }
    chosen = st.pills(
        _("Mistakes"),
        list(titles),
        format_func=titles.__getitem__,
        default="one_folder",
        required=True,
        key="logging mistake",
        label_visibility="collapsed",
    )
    st.markdown(lesson(f"tensorboard_{chosen}"))
    program_run(Program("tensorboard/programs", chosen))


SECTIONS: dict[str, Section] = {"first": (_("First example"), first_log), "mistakes": (_("Mistakes"), mistakes)}
section = st.segmented_control(
    _("Sections"),
    list(SECTIONS),
    format_func=lambda name: SECTIONS[name][0],
    default="first",
    required=True,
    key="section tensorboard",
    label_visibility="collapsed",
)
SECTIONS[section][1]()
