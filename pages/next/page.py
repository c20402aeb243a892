"""How to go on: what comes after each step, with a program to run; and a profile of one's own run."""

import streamlit as st

from core.processes.programs import Program
from pages.index import page
from pages.next.own_profile import own_profile
from pages.shared.page.section_row import Section, remembered, section_row
from pages.shared.panels.page_text import page_text
from pages.shared.panels.program_run import program_run
from pages.shared.person.language import _

st.title(_(page("next").heading), anchor=False)
st.caption(
    _("Choose the step that you liked best: one next thing for each, with a program that runs here and anywhere.")
)


def the_map() -> None:
    """One next thing for each step."""
    steps = {
        "schedule": _("1 · Classifier → a schedule for lr"),
        "mixed_precision": _("2 · CNN → mixed precision"),
        "own_layer": _("3 · Layers → a layer of one's own"),
        "profiler": _("4 · TensorBoard → the profiler"),
        "compiled": _("5 · VGG → torch.compile"),
        "exported": _("6 · Saving → torch.export"),
        "attention": _("7 · RNN → attention"),
        "distributed": _("8 · Loading → many processes (DDP)"),
    }
    notes = {
        "compiled": _("Compiling takes from half a minute to several; it is ended after two."),
        "distributed": _("It starts two processes that each import PyTorch: some seconds."),
    }
    chosen = remembered(st.pills, _("What is next"), "next step", steps)
    page_text("next", chosen)
    program_run(Program("next", chosen), notes.get(chosen, ""))


SECTIONS: dict[str, Section] = {
    "map": (_("The next thing"), the_map),
    "profile": (_("Where the time of your run goes"), own_profile),
}
section_row("section next", SECTIONS)
