"""What a link asks for: read from the address, then taken out of it."""

from __future__ import annotations

import streamlit as st


def linked() -> dict[str, str]:
    """What the address asks for, but for the language."""
    return {name: value for name, value in st.query_params.items() if name != "lang"}


def forget_link() -> None:
    """Take out of the address what was read, so that it does not act again; the language stays.

    The browser may send the same link once more before it has done so: compare it with the last one.
    """
    if linked():
        st.query_params.from_dict({name: value for name, value in st.query_params.items() if name == "lang"})
