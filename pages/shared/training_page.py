"""What stands at the top of every training page: settings at the left, title, buttons, and what to try first."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.shared.controls import controls
from pages.shared.share import defaults_button, share_link
from pages.shared.shell import language_switch
from pages.shared.workspace import Workspace, workspace


def training_page(
    experiment: str,
    title: str,
    first: str,
    own_data: Callable[[Workspace], None] | None = None,
    network: Callable[[Workspace], None] | None = None,
) -> Workspace:
    """Draw the top of an experiment's page.

    Args:
        experiment: its name.
        title: the page's title.
        first: what to try first, in a sentence or two.
        own_data: draws what takes a person's own data, below the settings.
        network: draws what the network is made of, above the settings but after they were taken up.
    """
    space = workspace(experiment)
    with st.sidebar:
        language_switch()
        above = st.container()
        controls(space)
        if own_data is not None:
            own_data(space)
    if network is not None:
        with above:
            network(space)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(title, anchor=False)
        defaults_button(space)
        share_link(space)
    st.caption(first)
    return space
