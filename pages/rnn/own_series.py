"""A person's own series, uploaded as a CSV."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.config import ConfigError, Problem
from core.data.csv_series import MOST_POINTS, SeriesRead, number_columns, read_series
from core.data.csv_table import MEGABYTES, CsvRefused
from core.experiments.rnn import RNNConfig
from pages.shared.form.workspace import Workspace
from pages.shared.panels.csv_choices import chosen_reading, csv_choices, mark_of, taken_from
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
        st.button(_("Use this series"), on_click=lambda: _take(space))
        refused = session.get("series problem") or _unread(space)
        if refused:
            st.error(tell(refused), icon=":material/error:")
        read: SeriesRead | None = session.get("series told")
        if read and read.numbers == config.series:
            st.caption(_taken(read))
            csv_choices(
                space.key("series"),
                session.get("series mark"),
                read.table,
                (_("the series"),),
                number_columns(read.table),
                lambda: _take(space, again=True),
            )


def _unread(space: Workspace) -> Problem | None:
    """Why a CSV that was uploaded can't be read; None if it can, or if there is none."""
    upload: Any = session.get(space.key("series file"))
    if upload is None:
        return None
    source = upload.getvalue()
    mark = mark_of(source)
    known: tuple[str, Problem | None] = session.get("series unread", ("", None))
    if known[0] != mark:
        try:
            read_series(source, chosen_reading(space.key("series"), mark))
            known = mark, None
        except CsvRefused as refused:
            known = mark, refused.problem
        session.put("series unread", known)
    return known[1]


def _taken(read: SeriesRead) -> str:
    """What was read from the last CSV."""
    sentence = _("{count} numbers from {low} to {high}.").format(
        count=len(read.numbers), low=f"{min(read.numbers):g}", high=f"{max(read.numbers):g}"
    )
    return joined(sentence, taken_from(read.table))


def _take(space: Workspace, again: bool = False) -> None:
    """Read the CSV that is uploaded; or `again` the last one, where another way to read it was chosen."""
    upload: Any = session.get(space.key("series file"))
    session.put("series problem", None)
    try:
        source: str | bytes = upload.getvalue() if upload is not None else ""
        if again:
            source = session.get("series source")
        mark = mark_of(source)
        read = read_series(source, chosen_reading(space.key("series"), mark))
        config = space.config.changed(series=read.numbers, signal="own")
    except CsvRefused as refused:
        session.put("series problem", refused.problem)
    except ConfigError as error:
        session.put("series problem", error.problems[0])
    else:
        space.submit(dict(config))
        space.refill.add("signal")
        session.put("series told", read)
        session.put("series mark", mark)
        session.put("series source", source)
