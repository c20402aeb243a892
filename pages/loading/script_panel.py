"""The code section of the loading page."""

from __future__ import annotations

import streamlit as st

from core.loading.script import script
from pages.loading.bench import Bench
from pages.shared.person import session
from pages.shared.person.language import _


def code(space: Bench) -> None:
    """Show the script of one of the settings, to copy or download."""
    st.write(
        _(
            "This is what was measured, made from the app's own source with your settings filled in: the Dataset, the "
            "loader, the loop. Run it anywhere with PyTorch; put your own Dataset in its place."
        )
    )
    side = space.a
    with st.container(horizontal=True, vertical_alignment="center"):
        if space.compare:
            session.put("loading code", session.get("loading code", "B"))
            chosen = st.segmented_control(
                _("Setting"), ["A", "B"], required=True, key="loading code", label_visibility="collapsed"
            )
            side = space.b if chosen == "B" else space.a
        text = script(side.config)
        st.download_button(
            _("Download .py"),
            text,
            "torch_playground_loading.py",
            "text/x-python",
            on_click="ignore",
            icon=":material/download:",
        )
    st.code(text, language="python", height=560)
