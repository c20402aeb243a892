"""The pitfalls of loading in parallel: each a program in which it happens for real, and its explanation."""

from __future__ import annotations

import streamlit as st

from core.processes.programs import Program
from pages.shared.page.section_row import remembered
from pages.shared.panels.page_text import page_text
from pages.shared.panels.program_run import program_run
from pages.shared.person.language import _

FOLDER = "loading/pitfalls"
PROGRAMS = {
    "random_numbers": ["random_numbers"],
    "main_guard": ["main_guard", "main_guard_cured"],
    "error_in_worker": ["error_in_worker", "killed_worker"],
    "streams": ["streams"],
    "unbalanced": ["unbalanced"],
}
"""Name -> the programs that show it."""


def pitfalls() -> None:
    """A row of titles; below, what is to know about the one chosen, and its programs."""
    titles = {
        "random_numbers": _("Random numbers twice"),
        "main_guard": _("No main guard"),
        "error_in_worker": _("An error in a worker"),
        "streams": _("Samples twice"),
        "unbalanced": _("A rare class"),
    }
    chosen = remembered(st.pills, _("Pitfalls"), "pitfall", titles)
    page_text("loading", chosen)
    for name in PROGRAMS[chosen]:
        program_run(Program(FOLDER, name))
