"""Pages by their names: links to them, to use here or to hand on, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.index import page, page_of
from pages.shared.person import language
from pages.shared.person.language import _
from pages.shared.server.addresses import address
from pages.shared.server.reach import root_for_others


def link_to(folder: str, label: str) -> None:
    """A link to another page, with that page's icon."""
    st.page_link(page(folder).script, label=label, icon=page(folder).icon)


def shared_link(folder: str, query: Mapping[str, str]) -> str:
    """The whole address of a page with its settings, to hand on; it opens in this session's language."""
    query = {**query, "lang": language.current()}
    path = "" if folder == "home" else page(folder).url_path
    return root_for_others() + address(path, query=query).removeprefix("./")


def experiment_title(name: str) -> str:
    """An experiment's name on the screen, as the navigation has it; its plain name where it has no page."""
    row = page_of(name)
    return _(row.title) if row else name
