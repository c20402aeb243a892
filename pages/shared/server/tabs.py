"""The tabs that are open, as Streamlit knows them."""

from __future__ import annotations

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx


def is_open() -> bool:
    """Whether the tab whose script runs in this thread is connected; True where no script runs."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not runtime.exists():
        return True
    return bool(runtime.get_instance().is_active_session(context.session_id))
