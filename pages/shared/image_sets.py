"""The image sets that do not come with the app: fetched at a click, with progress."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.data import downloads
from core.data.digits import IMAGE_SETS
from pages.shared.language import _, tell
from pages.shared.workspace import Workspace


def download_panel(space: Workspace) -> None:
    """Where the chosen set is not on this machine: a button that fetches it."""
    config: Any = space.config
    name = IMAGE_SETS.get(config.dataset)
    if name and space.experiment.missing(config):
        _panel(name)


@st.fragment(run_every=0.5)
def _panel(name: str) -> None:
    here = downloads.under_way(name)
    if here is not None and here.done and here.problem is None:
        st.rerun()
    with st.container(border=True):
        if here is not None and not here.done:
            st.progress(here.share, _("Fetching {name}: {percent}").format(name=name, percent=f"{here.share:.0%}"))
            return
        failed = here is not None and here.problem is not None
        if failed:
            st.error(tell(here.problem), icon=":material/error:")  # type: ignore[union-attr, arg-type]
        else:
            megabytes = f"{downloads.BYTES[name] / 1e6:.0f}"
            st.markdown(
                _(
                    "{name} is not on this machine yet. It is fetched once, {megabytes} MB, for all who use this app."
                ).format(name=name, megabytes=megabytes)
            )
        st.button(
            _("Try again") if failed else _("Download"),
            icon=":material/download:",
            on_click=downloads.start,
            args=(name,),
        )
