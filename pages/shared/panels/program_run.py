"""A small program to read, to run on this machine, and to take home."""

from __future__ import annotations

import streamlit as st

from core.engine.jobs import jobs
from core.processes.jobs import Job, limits_of_a_job
from core.processes.programs import Program, run_program
from core.refused import Refused
from pages.shared.person import session
from pages.shared.person.language import _, tell

INTERVAL = 0.5
"""Seconds between two looks at a program that runs."""
TALL = 420
"""Height in pixels of code and output that scroll."""
LINES = 40
"""Lines of code that are shown without."""


def program_run(program: Program, note: str = "") -> None:
    """A button to run it, what it printed when it was run last, and its text.

    Args:
        note: a sentence to know before it is run.
    """
    known = f"program {program.folder} {program.name}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("Run it here"), key=f"run {known}", icon=":material/play_arrow:", on_click=lambda: _start(known, program)
        )
        st.download_button(
            _("Download .py"),
            program.text,
            f"{program.name}.py",
            "text/x-python",
            key=f"download {known}",
            on_click="ignore",
            icon=":material/download:",
        )
        if note:
            st.caption(note)
    refused = session.get(f"{known} refused")
    if refused is not None:
        st.error(tell(refused))
    job: Job | None = session.get(known)
    if job is not None:
        st.fragment(_output, run_every=INTERVAL if job.alive else None)(job, job.alive)
    lines = program.text.count("\n")
    st.code(program.text, language="python", height=TALL if lines > LINES else "content")


def _start(known: str, program: Program) -> None:
    session.put(f"{known} refused", None)
    try:
        session.put(known, jobs().start(session.owner(), run_program, program, limits_of_a_job(silence=None)))
    except Refused as refusal:
        session.put(f"{known} refused", refusal.problem)


def _output(job: Job, alive: bool) -> None:
    over = not job.alive
    if alive and over:
        st.rerun()
    text = "".join(event["text"] for event in job.events if event["kind"] == "output")
    if text:
        st.code(text, language=None, wrap_lines=True, height=TALL if text.count("\n") > 18 else "content")
    if not over:
        before = jobs().before(job)
        if before:
            st.caption(_("All cores are busy: {count} ahead of you in line.").format(count=before))
        else:
            st.caption(_("It runs …"))
    elif job.problem is not None:
        st.error(tell(job.problem), icon=":material/error:")
    elif job.status == "ended":
        st.info(_("It was ended before it was done, because something else was started."))
    else:
        code = next((event["code"] for event in job.events if event["kind"] == "exit"), None)
        if code:
            st.caption(_("It ended with an error (exit code {code}).").format(code=code))
        else:
            st.caption(_("It has finished."))
