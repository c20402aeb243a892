"""A control that takes a file, and says beside it how large that may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.shared.person.language import _


def uploader(
    label: str,
    key: str,
    megabytes: int,
    *,
    endings: Sequence[str] | None = None,
    on_change: Callable[[], None] | None = None,
    help: str | None = None,
) -> Any:
    """Draw it; of a file that is too large Streamlit only turns the name red, and says why to a mouse alone.

    Args:
        label: what is wanted, above it.
        key: its key.
        megabytes: what a file may have at most.
        endings: of the files that it takes; all if None.
        on_change: called when a file was chosen or removed.
        help: a sentence behind the question mark.

    Returns:
        The file, as Streamlit gives it; None while there is none.
    """
    with st.container(gap="xsmall"):
        file = st.file_uploader(label, type=endings, key=key, max_upload_size=megabytes, on_change=on_change, help=help)
        st.caption(_("At most {most} MB. A larger file turns red and is not sent.").format(most=megabytes))
    return file
