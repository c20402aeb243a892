"""A slider that acts while it is dragged, for what a run takes up at once; Streamlit's own acts when it is released."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from pages.shared.form.form import Form
from pages.shared.person import session

FASTEST = 200
"""Milliseconds between two changes while it is dragged: five a second at most."""


SCRIPT, STYLE = (Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("rate.js", "rate.css"))
rate_component = st.components.v2.component("torch_playground_rate", js=SCRIPT, css=STYLE)


def rate(form: Form, name: str, label: str, options: Sequence[tuple[float, str]], value: float, help: str) -> None:
    """Draw the slider: the live view hears of every place that it is dragged over, the form of the one it is left at.

    Args:
        name: the setting.
        options: the values that it has places for, from left to right, and how each is written.
        value: where it stands.
    """
    with st.container(gap=None):
        st.markdown(f":small[{label}]", help=help)
        rate_component(
            key=_key(form, name),
            data={
                "experiment": form.config.experiment,
                "field": name,
                "label": label,
                "values": [option for option, _text in options],
                "texts": [text for _option, text in options],
                "value": value,
                "pause": FASTEST,
            },
            on_left_change=lambda: None,
        )


def left_at(form: Form, name: str) -> float | None:
    """The value at which the slider was just let go; None if it was not."""
    value = getattr(session.get(_key(form, name)), "left", None)
    number = value.get("value") if isinstance(value, dict) else None
    return float(number) if isinstance(number, int | float) else None


def _key(form: Form, name: str) -> str:
    return f"{form.key(name)} slider"
