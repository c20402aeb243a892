"""Streamlit's own scripts and styles, gzipped: it sends them as they are, 4.5 MB of the first visit."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

import streamlit
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.shared.server.addresses import below_root
from pages.shared.server.assets import FOREVER, TYPES

STREAMLIT = Path(streamlit.__file__).parent / "static"
"""What Streamlit serves at its root."""
ICON = "favicon.png"
"""The address of all pages' icon. A browser asks for that of a page which names none at the root of the host, and below
a path that is not the app's."""
HASHED = re.compile(r"static/(?:js|css)/[^/]+\.[^/.]{8}\.(?:js|css)$", re.ASCII)
"""Addresses of files that have their hash in their name, as Streamlit's build gives it."""


@cache
def addresses() -> dict[str, Path]:
    """Streamlit's scripts and styles by their addresses; of those without a hash nothing may be kept for ever."""
    files = {path.relative_to(STREAMLIT).as_posix(): path for path in (STREAMLIT / "static").rglob("*")}
    return {name: path for name, path in files.items() if HASHED.fullmatch(name)}


@cache
def packed(address: str) -> bytes:
    """The gzipped text of one of them."""
    return gzip.compress(addresses()[address].read_bytes(), 9)


class StreamlitFiles:
    """Middleware in front of Streamlit's files."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        path = below_root(scope["path"]) if asked else None
        if path not in addresses() or "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            await self.app(scope, receive, send)
            return
        content = await run_in_threadpool(packed, path)
        headers = {**FOREVER, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        answer = Response(content, media_type=TYPES[Path(path).suffix], headers=headers)
        if scope["method"] == "HEAD":
            answer.body = b""
        await answer(scope, receive, send)
