"""A person's own series, uploaded as a CSV."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.config import ConfigError
from core.data.csv_series import MOST_POINTS, read_series
from core.data.csv_table import MEGABYTES, CsvRefused, text_of
from core.experiments.rnn import RNNConfig
from pages.shared.form.workspace import Workspace
from pages.shared.panels.uploader import uploader
from pages.shared.person import session
from pages.shared.person.language import _, tell


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
            help=_(
                "Up to {most} numbers; of several columns the last one is taken. At its end the series starts over."
            ).format(most=MOST_POINTS),
        )
        st.button(_("Use this series"), on_click=lambda: _take(space))
        refused = session.get("series problem")
        if refused:
            st.error(tell(refused), icon=":material/error:")


def _take(space: Workspace) -> None:
    upload: Any = session.get(space.key("series file"))
    session.put("series problem", None)
    try:
        series = read_series(text_of(upload.getvalue()) if upload is not None else "")
        config = space.config.changed(series=series, signal="own")
    except CsvRefused as refused:
        session.put("series problem", refused.problem)
    except ConfigError as error:
        session.put("series problem", error.problems[0])
    else:
        space.submit(dict(config))
        space.refill.add("signal")
