"""The tabs that are open, as Streamlit knows them, and whose each of them is."""

from __future__ import annotations

import threading
from collections import OrderedDict

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared.server.owner import owner_of
from pages.shared.server.tab_token import PROTOCOLS

MOST_TABS = 20_000
"""Tabs of which it is remembered whose they are: those that were drawn last."""

_owners: OrderedDict[str, str] = OrderedDict()
_lock = threading.Lock()


def is_open() -> bool:
    """Whether the tab whose script runs in this thread is connected; True where no script runs."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not runtime.exists():
        return True
    return bool(runtime.get_instance().is_active_session(context.session_id))


def note_owner(owner: str) -> None:
    """Remember whose the tab is whose script runs in this thread.

    Args:
        owner: the id of its cookie or its token; "" where it has neither.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return
    with _lock:
        _owners[context.session_id] = owner
        _owners.move_to_end(context.session_id)
        while len(_owners) > MOST_TABS:
            _owners.popitem(last=False)


class OwnSession:
    """Middleware that lets a tab find its lost session again, and nobody else's: who asks for one gets a new one.

    A tab that lost its connection names its session as the third of its protocols.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            headers = Headers(scope=scope)
            protocols = headers.get(PROTOCOLS, "").split(",")
            session = protocols[2].strip() if len(protocols) > 2 else ""
            if session and _owners.get(session, owner_of(headers)) != owner_of(headers):
                scope = {**scope, "headers": list(scope["headers"])}
                MutableHeaders(scope=scope)[PROTOCOLS] = ",".join(protocols[:2])
        await self.app(scope, receive, send)
