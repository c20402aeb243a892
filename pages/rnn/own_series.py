"""A person's own series, uploaded as a CSV."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.config import ConfigError, Problem
from core.data.csv_series import MOST_POINTS, SeriesRead, read_series
from core.data.csv_table import MEGABYTES, CsvRefused
from core.experiments.rnn import RNNConfig
from pages.shared.form.workspace import Workspace
from pages.shared.panels.csv_choices import Asked, chosen_reading, csv_choices, mark_of, taken_from
from pages.shared.panels.uploader import uploader
from pages.shared.person import session
from pages.shared.person.language import _, joined, tell


def own_series(space: Workspace) -> None:
    """The control for an own series."""
    config = space.config
    assert isinstance(config, RNNConfig)
    wanted = space.entered("signal") == "own" and config.signal != "own"
    title = _("Own series from a CSV ({count} numbers now)").format(count=len(config.series))
    with st.expander(title, key=space.key(f"own series {wanted}"), expanded=wanted):
        uploader(
            _("A CSV with one number a line, in the order of time"),
            space.key("series file"),
            MEGABYTES,
            endings=["csv", "txt", "tsv"],
            on_change=lambda: session.put("series problem", None),
            help=_(
                "Up to {most} numbers; of several columns the last one is taken. At its end the series starts over."
            ).format(most=MOST_POINTS),
        )
        st.button(_("Use this series"), on_click=lambda: _take(space, _uploaded(space)))
        refused = session.get("series problem") or _unread(space)
        if refused:
            st.error(tell(refused), icon=":material/error:")
        read: SeriesRead | None = session.get("series told")
        in_use = read is not None and read.numbers == config.series
        if read and in_use:
            st.caption(joined(_("Still in use:"), _taken(read)) if refused else _taken(read))
        doubt: Asked | None = session.get("series doubt") if refused else None
        asked = doubt or (session.get("series asked") if in_use else None)
        if asked:
            csv_choices(space.key("series"), asked, (_("the series"),), lambda source: _take(space, source))


def _uploaded(space: Workspace) -> str | bytes:
    """The CSV that is uploaded; empty if there is none."""
    upload: Any = session.get(space.key("series file"))
    return "" if upload is None else upload.getvalue()


def _unread(space: Workspace) -> Problem | None:
    """Why a CSV that was uploaded can't be read; None if it can, or if there is none."""
    source = _uploaded(space)
    if source == "":
        return None
    mark = mark_of(source)
    wanted = chosen_reading(space.key("series"), mark)
    known: tuple[object, Problem | None] = session.get("series unread", ("", None))
    if known[0] != (mark, wanted):
        try:
            read_series(source, wanted)
            known = (mark, wanted), None
        except CsvRefused as refused:
            known = (mark, wanted), refused.problem
        session.put("series unread", known)
    return known[1]


def _taken(read: SeriesRead) -> str:
    """What was read from the last CSV."""
    sentence = _("{count} numbers from {low} to {high}.").format(
        count=len(read.numbers), low=f"{min(read.numbers):g}", high=f"{max(read.numbers):g}"
    )
    return joined(sentence, taken_from(read.table))


def _take(space: Workspace, source: str | bytes) -> None:
    """Read a CSV as the person chose; if it is refused, the choices are still offered."""
    session.put("series problem", None)
    session.put("series doubt", None)
    try:
        read = read_series(source, chosen_reading(space.key("series"), mark_of(source)))
        config = space.config.changed(series=read.numbers, signal="own")
    except CsvRefused as refused:
        session.put("series problem", refused.problem)
        session.put("series doubt", Asked(refused.table, source) if refused.table else None)
    except ConfigError as error:
        session.put("series problem", error.problems[0])
        session.put("series doubt", Asked(read.table, source))
    else:
        space.submit(dict(config))
        space.refill.add("signal")
        session.put("series told", read)
        session.put("series asked", Asked(read.table, source))
