"""What whoever runs the server says to everyone: it is soon in each open tab, and gone when it is taken back.

Streamlit has no word for it, so a tab is asked over its own connection to draw a part of its page again, the one that
shows the announcement, as it does by itself for parts that are drawn every few seconds. Nothing of the kind is sent
while nothing is said: an idle tab costs nothing.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict

from streamlit import runtime
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

LONGEST = 300
"""Characters of an announcement."""
SOON = 0.5
"""Seconds after which a tab draws it."""
MOST_TABS = 20_000
"""Tabs of which it is remembered which part of their page shows it: those that were drawn last."""

_text = ""
_parts: OrderedDict[str, str] = OrderedDict()
_asked: set[str] = set()
_lock = threading.Lock()


def announced() -> str:
    """What is said to everyone now; empty for nothing."""
    return _text


def announce(text: str) -> None:
    """Say something to everyone, in the place of what was said before; nothing with an empty text."""
    global _text
    _text = " ".join(text.split())[:LONGEST]
    try:
        _ask_tabs()
    except Exception:  # Streamlit promises none of these names
        logging.exception("Open tabs show what the host says only after their next click.")


def note_part() -> None:
    """Remember the part of a page that this is called in, and end that it is drawn again and again."""
    context, part = get_script_run_ctx(suppress_warning=True), ThreadState.get().fragment_id
    if context is None or part is None:
        return
    with _lock:
        _parts[context.session_id] = part
        _parts.move_to_end(context.session_id)
        while len(_parts) > MOST_TABS:
            _parts.popitem(last=False)
        asked = context.session_id in _asked
        _asked.discard(context.session_id)
    if asked:
        message = ForwardMsg()
        message.stop_auto_rerun.fragment_ids.append(part)
        context.enqueue(message)


def _ask_tabs() -> None:
    """Have every open tab draw that part of its page soon."""
    if not runtime.exists():
        return
    tabs = [tab.session for tab in runtime.get_instance()._session_mgr.list_active_sessions()]
    with _lock:
        _asked.intersection_update(tab.id for tab in tabs)
        parts = [(tab, _parts[tab.id]) for tab in tabs if tab.id in _parts]
        _asked.update(tab.id for tab, _part in parts)
    for tab, part in parts:
        message = ForwardMsg()
        message.auto_rerun.interval = SOON
        message.auto_rerun.fragment_id = part
        tab._event_loop.call_soon_threadsafe(tab._enqueue_forward_msg, message)
