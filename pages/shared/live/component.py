"""Components made of JavaScript modules that the app serves itself: `data["module"]` names the view's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

LOADER = (Path(__file__).parent / "js/load.js").read_text(encoding="utf-8")


def view_component(name: str) -> Any:
    """Declare a component of a view, a module with `mount(component, picture)`.

    Its data holds "module", the address of that module, and may hold a "picture" with a "module" of its own, which is
    loaded beside it and handed to `mount`.
    """
    return st.components.v2.component(name, js=LOADER, isolate_styles=False)
