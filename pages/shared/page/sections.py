"""The sections below the live view: those that every training page has, and the page's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.engine.manager import manager
from pages.shared.form.controls import field
from pages.shared.form.workspace import Workspace
from pages.shared.page.earlier_runs import earlier_runs
from pages.shared.page.links import link_to
from pages.shared.page.section_row import Section, section_row, titles_of
from pages.shared.page.tries import training_tries
from pages.shared.panels.code_panel import code_panel
from pages.shared.panels.log_panel import log_panel
from pages.shared.panels.page_text import Tries, lesson_text, page_text
from pages.shared.panels.step_by_step import step_by_step
from pages.shared.person.language import _, has_text


def sections(space: Workspace, own: dict[str, Section], called: Callable[[Any], str] = lambda config: "") -> None:
    """A row of titles, and below it the section chosen: lesson, step by step, the page's own, code, bugs, runs.

    Args:
        called: the name that the page has for a config, on the buttons of its lesson; empty if it has none.
    """

    def tries() -> Tries:
        return training_tries(space, titles_of(known), called)

    def show_bugs() -> None:
        field(space, "bugs", space.config.settings()["bugs"])
        if has_text(space.folder, "bugs"):
            page_text(space.folder, "bugs", tries())

    def log_section(space: Workspace) -> None:
        link_to("tensorboard", _("Your runs in TensorBoard"))
        log_panel(space.config, lambda: space.run or manager().last_logged(space.owner))

    known: dict[str, Section] = {
        **(
            {"lesson": (_("Lesson"), lambda: lesson_text(space.folder, tries=tries()))}
            if has_text(space.folder)
            else {}
        ),
        "steps": (_("Step by step"), lambda: step_by_step(space)),
        **own,
        "code": (_("Code"), lambda: code_panel(space)),
        **({"bugs": (_("Bugs"), show_bugs)} if "bugs" in space.config.settings() else {}),
        "log": ("TensorBoard", lambda: log_section(space)),
        "runs": (_("Runs"), lambda: earlier_runs(space)),
    }
    with st.container(key="reading"):
        section_row(f"section {space.name}", known)
