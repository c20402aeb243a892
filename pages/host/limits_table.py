"""The limits of this server with their values."""

from __future__ import annotations

import os

import streamlit as st

from core import limits
from pages.shared.person.language import _


def limits_table() -> None:
    """Draw them all, and where each is set."""
    with st.expander(_("Limits"), icon=":material/speed:"):
        st.caption(_("They are set by environment variables before the server starts."))
        sources = {True: _("environment"), False: _("default")}
        lines = [" | ".join([_("Environment variable"), _("Value"), _("Set by")]), "---|--:|---"]
        for row in limits.LIMITS.values():
            given = bool(os.environ.get(row.variable, "").strip())
            value = f"{getattr(limits, row.name):,}".removesuffix(".0")
            lines.append(f"`{row.variable}` | {value} | {sources[given]}")
        st.markdown("\n".join(lines))
