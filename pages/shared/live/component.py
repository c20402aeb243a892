"""Components of the pages: views made of modules that the app serves itself, and small ones of a script and a style."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from pages.shared.person.language import _

LOADER = (Path(__file__).parent / "js/load.js").read_text(encoding="utf-8")


def view_component(name: str) -> Any:
    """Declare a component of a view, a module with `mount(component, picture)`.

    Its data holds "module", the address of that module, and may hold a "picture" with a "module" of its own, which is
    loaded beside it and handed to `mount`.
    """
    made = st.components.v2.component(name, js=LOADER, isolate_styles=False)

    def view(*, data: dict[str, Any], **options: Any) -> Any:
        return made(data={**data, "not_loaded": not_loaded_text()}, **options)

    return view


def not_loaded_text() -> dict[str, str]:
    """What load.js says where a view's module does not come: in the component's data, as the module has no words then.

    Returns:
        What is in the way -> sentence; load.js fills in `{address}` and `{status}`.
    """
    return {
        "loading": _("This part of the page is still loading …"),
        "server": _("This part of the page can't load: the server does not answer. Trying again …"),
        "forbidden": _(
            "This part of the page can't load: access to {address} is denied (status {status}). The host, or whoever "
            "runs this network, must allow it."
        ),
        "elsewhere": _(
            "This part of the page can't load: {address} does not lead to this app (status {status}). The host's proxy "
            "must pass it on to the app."
        ),
        "broken": _(
            "This part of the page can't load: its scripts came incomplete, or this browser is too old for them. "
            "Reload the page."
        ),
    }


def file_component(name: str, module: str) -> Any:
    """Declare a component whose script and style stand beside the Python module that uses it, under its name.

    Args:
        name: the component's name.
        module: the Python module's `__file__`; beside moves.py stand moves.js and moves.css.
    """
    script, style = (Path(module).with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".js", ".css"))
    return st.components.v2.component(name, js=script, css=style)
