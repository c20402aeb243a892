"""Where to go next: what comes after each step, with a program to run; and a profile of one's own run."""

import streamlit as st

from core.processes.programs import Program
from pages.index import page
from pages.next.own_profile import own_profile
from pages.shared.page.section_row import Section, remembered, section_row
from pages.shared.page.shell import page_top
from pages.shared.panels.page_text import lesson_text
from pages.shared.panels.program_run import program_run
from pages.shared.person.language import _

page_top(page("next"))
st.caption(
    _("Choose a step that you liked: each leads to one new topic, with a program that runs here and anywhere else.")
)


def the_map() -> None:
    """One next thing for each step."""
    steps = {
        "schedule": _("1 · Classifier → a schedule for lr"),
        "mixed_precision": _("2 · CNN → mixed precision"),
        "own_layer": _("3 · Layers → a layer of your own"),
        "profiler": _("4 · TensorBoard → the profiler"),
        "compiled": _("5 · VGG → torch.compile"),
        "exported": _("6 · Saving → torch.export"),
        "attention": _("7 · RNN → attention"),
        "distributed": _("8 · Loading → many processes (DDP)"),
    }
    notes = {
        "compiled": _("Compiling takes half a minute to several minutes; after two minutes it is stopped."),
        "distributed": _("It starts two processes, each of which imports PyTorch; this takes a few seconds."),
    }
    chosen = remembered(st.pills, _("What is next"), "next step", steps)
    program_run(Program("next", chosen), notes.get(chosen, ""))
    lesson_text("next", chosen)


SECTIONS: dict[str, Section] = {
    "map": (_("New topics"), the_map),
    "profile": (_("Where the time of your run goes"), own_profile),
}
section_row("section next", SECTIONS)
