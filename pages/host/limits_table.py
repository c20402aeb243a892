"""The limits of this server with their values."""

from __future__ import annotations

import os

import streamlit as st

from core import limits
from pages.host.board import in_bytes
from pages.shared.person.language import _

UNITS = {"Megabytes": "MB", "Seconds": "s", "Hours": "h", "Days": "d"}
"""By the word with which the meaning of a limit begins."""


def limits_table() -> None:
    """Draw them all, and which of them were set."""
    with st.expander(_("Limits"), icon=":material/speed:"):
        st.caption(
            _(
                "They are set by environment variables before the server starts: {prefix} and the name. Those in bold "
                "were set."
            ).format(prefix="`TORCH_PLAYGROUND_`")
        )
        lines = [" | ".join([_("Limit"), _("Value")]), "---|--:"]
        for row in limits.LIMITS.values():
            given = "**" if os.environ.get(row.variable, "").strip() else ""
            lines.append(f"{given}`{row.name}`{given} | {given}{value_of(row)}{given}")
        st.markdown("\n".join(lines))


def value_of(row: limits.Limit) -> str:
    """The value of a limit with its unit."""
    value, unit = getattr(limits, row.name), row.meaning.split()[0]
    if unit == "Bytes":
        return in_bytes(value)
    return " ".join([f"{value:,}".removesuffix(".0"), UNITS.get(unit, "")]).strip()
