"""Components of the pages: views made of modules that the app serves itself, and small ones of a script and a style."""

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


def file_component(name: str, module: str) -> Any:
    """Declare a component whose script and style stand beside the Python module that uses it, under its name.

    Args:
        name: the component's name.
        module: the Python module's `__file__`; beside moves.py stand moves.js and moves.css.
    """
    script, style = (Path(module).with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".js", ".css"))
    return st.components.v2.component(name, js=script, css=style)
