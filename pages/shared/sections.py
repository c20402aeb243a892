"""The sections below the live view: those that every training page has, and the page's own."""

from __future__ import annotations

import streamlit as st

from core.engine.manager import manager
from pages.shared.code_panel import code_panel
from pages.shared.controls import field
from pages.shared.language import _, lesson
from pages.shared.log_panel import log_panel
from pages.shared.section_row import Section, section_row
from pages.shared.share import earlier_runs
from pages.shared.step_by_step import step_by_step
from pages.shared.workspace import Workspace


def sections(space: Workspace, own: dict[str, Section]) -> None:
    """A row of titles, and below it the section chosen: lesson, step by step, the page's own, code, bugs, runs."""

    def show_lesson() -> None:
        st.markdown(lesson(space.name))

    def show_bugs() -> None:
        field(space, "bugs", space.config.settings()["bugs"])
        st.markdown(lesson(f"bugs_{space.name}"))

    def log_section(space: Workspace) -> None:
        st.page_link("pages/tensorboard.py", label=_("Your runs in TensorBoard"), icon=":material/monitoring:")
        log_panel(space.config, lambda: space.run or manager().last_logged(space.owner))

    known: dict[str, Section] = {
        "lesson": (_("Lesson"), show_lesson),
        "steps": (_("Step by step"), lambda: step_by_step(space)),
        **own,
        "code": (_("Code"), lambda: code_panel(space)),
        "bugs": (_("Bugs"), show_bugs),
        "log": ("TensorBoard", lambda: log_section(space)),
        "runs": (_("Runs"), lambda: earlier_runs(space)),
    }
    section_row(f"section {space.name}", known)
