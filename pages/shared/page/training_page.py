"""What stands at the top of every training page: title, buttons and what to try first; and the settings at its left."""

from __future__ import annotations

from collections.abc import Callable, Collection

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.index import page
from pages.shared.form.controls import controls, take
from pages.shared.form.workspace import Workspace, workspace
from pages.shared.page.share import defaults_button, share_link
from pages.shared.page.shell import picture_first
from pages.shared.person.language import _
from pages.shared.pictures.choices import pictures_of


def training_page(folder: str, first: str) -> Workspace:
    """Draw the top of an experiment's page, from what its form says.

    Args:
        folder: the page's, see pages/index.py.
        first: what to try first, in a sentence or two.
    """
    row = page(folder)
    assert row.experiment is not None
    space = workspace(row.experiment)
    space.pictures = pictures_of(type(space.config))
    take(space)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(_(row.heading), anchor=False)
        defaults_button(space)
        share_link(space)
    st.caption(first)
    return space


def trying() -> DeltaGenerator:
    """The part of a page that stays in sight while one reads, where the window is wide enough: see page.css."""
    return st.container(key="trying")


def settings_bar(
    space: Workspace,
    own_data: Callable[[Workspace], None] | None = None,
    network: Callable[[Workspace], None] | None = None,
    elsewhere: Collection[str] = (),
) -> None:
    """Draw the settings at the left, below the picture in the script: they are most of what a browser has to make.

    Args:
        own_data: draws what takes a person's own data, below the settings.
        network: draws what the network is made of, above the settings.
        elsewhere: settings that have a place of their own on the page and no widget among the others.
    """
    picture_first()
    with st.sidebar:
        controls(space, elsewhere, network)
        if own_data is not None:
            own_data(space)
