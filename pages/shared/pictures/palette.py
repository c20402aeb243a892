"""The colours that mean something, from the one place that holds them: palette.js, which the pages' scripts import.

The source is a module and not a JSON file: browsers import JSON only since 2023 to 2025, and schools have older ones.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import streamlit as st

SOURCE = Path(__file__).parents[1] / "live" / "js" / "palette.js"
FORM = re.compile(r"(?://[^\n]*\n)*export const PALETTE = (\{.*\});\n", re.DOTALL)
"""Comments, then one object that is JSON, and nothing else."""


def read(text: str) -> dict[str, Any]:
    """The palette of a script's text.

    Raises:
        ValueError: the text is more than one object in JSON.
    """
    match = FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"{SOURCE.name} holds more than `export const PALETTE = {{...}};`")
    palette: dict[str, Any] = json.loads(match[1])
    return palette


PALETTE = read(SOURCE.read_text(encoding="utf-8"))
LIGHT: dict[str, Any] = PALETTE["light"]
"""Colours on a light page."""
CHARTS: dict[str, Any] = PALETTE["charts"]
"""Colours that only figures made by Python have."""


def in_sight() -> dict[str, Any]:
    """The colours of the theme that the person sees, for Plotly's figures that Python makes."""
    colours: dict[str, Any] = PALETTE["dark" if st.context.theme.type == "dark" else "light"]
    return colours


def both_themes(*names: str) -> dict[str, dict[str, Any]]:
    """Some colours for both themes, for components whose script is no module of the app's and can't import them."""
    return {theme: {name: PALETTE[theme][name] for name in names} for theme in ("light", "dark")}
