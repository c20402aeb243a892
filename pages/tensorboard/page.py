"""Step 4: TensorBoard."""

from pathlib import Path

import streamlit as st

from core.engine.manager import manager
from core.processes.programs import Program
from core.tensorboard.reading import read, runs
from pages.index import page
from pages.shared.page.section_row import Section, remembered, section_row
from pages.shared.page.shell import page_top
from pages.shared.panels.log_panel import log_panel
from pages.shared.panels.page_text import lesson_text, page_text
from pages.shared.panels.program_run import program_run
from pages.shared.person import session
from pages.shared.person.language import _
from pages.tensorboard.first_log import board_address, first_log
from pages.tensorboard.log_view import lines, log_view, no_runs

page_top(page("tensorboard"))
st.caption(_("See what one line of logging writes into a file. Then train on any page, and find your runs here."))


def itself() -> None:
    """Draw TensorBoard itself in a frame."""
    if not runs(manager().store.logs(session.owner())):
        no_runs()
        return
    board = board_address({})
    with st.container(horizontal=True, vertical_alignment="center"):
        st.link_button(_("Open in its own tab"), board, icon=":material/open_in_new:")
        st.caption(
            _(
                "TensorBoard itself, with your own runs only. The arrow at its top right loads what has been logged "
                "since. It is made for wide screens: on a phone, “The same, drawn here” is easier."
            )
        )
    st.iframe(board, height=820)


def mistakes() -> None:
    """What goes wrong in logging, as programs to run."""
    titles = {
        "one_folder": _("Two runs in one folder"),
        "no_flush": _("No flush, no close"),
        "tensor": _("A tensor instead of .item()"),
    }
    chosen = remembered(st.pills, _("Classic mistakes"), "logging mistake", titles)
    page_text("tensorboard", chosen)
    kept = manager().store.logs(session.owner()) / "mistakes" / chosen
    program_run(Program("tensorboard/programs", chosen, kept))
    if runs(kept):
        st.caption(_("Its log is now among your runs: mistakes/{name}.").format(name=chosen))
    if chosen == "one_folder" and runs(kept):
        zigzag(kept)


def zigzag(logs: Path) -> None:
    """Both runs of the first mistake in one folder, and in a folder each."""
    for column, title, names in zip(
        st.columns(2),
        (_("Both in one folder: one line that jumps back"), _("One folder each: two lines")),
        (("all",), ("lr0.1", "lr0.4")),
        strict=True,
    ):
        with column:
            st.markdown(f"**{title}**")
            figure = lines({f"mistakes/one_folder/{name}": read(logs / name) for name in names}, "Train/Loss")
            st.plotly_chart(figure, key=f"zigzag {names[0]}", config={"displayModeBar": False})


def show_lesson() -> None:
    """Draw the lesson on TensorBoard."""
    lesson_text("tensorboard")


SECTIONS: dict[str, Section] = {
    "first": (_("First example"), first_log),
    "board": ("TensorBoard", itself),
    "view": (_("The same, drawn here"), log_view),
    "log": (_("What is logged"), lambda: log_panel(None, lambda: manager().last_logged(session.owner()))),
    "mistakes": (_("Classic mistakes"), mistakes),
    "lesson": (_("Lesson"), show_lesson),
}
section_row("section tensorboard", SECTIONS)
