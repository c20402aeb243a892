"""What stands before everything else: it answers who watches over the server, and counts what all others ask for."""

from __future__ import annotations

import os

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.engine.events import tally
from pages.index import ALL
from pages.shared.server import metrics
from pages.shared.server.addresses import below_root
from pages.shared.server.health import readiness

LIVE, READY, METRICS = "healthz/live", "healthz/ready", "metrics"
"""Addresses below the app's own; `healthz` alone is READY."""
OURS = {
    "live": ("kept", "history", "drawn"),
    "assets": (),
    "static": (),
    "tensorboard": (),
    "component": (),
    "media": (),
}
"""The first part of addresses with a name of their own, and what may be their third."""
STREAMLIT = "_stcore"
STREAMLITS = ("health", "host-config", "stream", "upload_file", "metrics", "bidi-components")
PAGES = frozenset({"", *(row.url_path for row in ALL)})
NO_STORE = {"Cache-Control": "no-store"}


class Watching:
    """Middleware that answers by every name of the server, since who looks after it asks by its number."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = below_root(scope["path"]) if scope["type"] == "http" else None
        if path is None:
            await self.app(scope, receive, send)
            return
        answer = await watched(scope["method"], path, Headers(scope=scope))

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                tally.add("http_requests", route_of(path), f"{message['status'] // 100}xx")
            await send(message)

        await (answer or self.app)(scope, receive, counted)


async def watched(method: str, path: str, headers: Headers) -> Response | None:
    """The answer to one who watches over the server; None to all others."""
    if method not in ("GET", "HEAD"):
        return None
    if path == LIVE:
        return JSONResponse({"status": "live"}, headers=NO_STORE)
    if path in ("healthz", READY):
        reasons = await run_in_threadpool(readiness.reasons)
        status = {"status": "not ready" if reasons else "ready", "reasons": reasons}
        return JSONResponse(status, 503 if reasons else 200, NO_STORE)
    if path == METRICS and metrics.answers(os.environ):
        if not metrics.may_read(headers.get("authorization", ""), os.environ):
            return PlainTextResponse("This needs the right token.", 401, {**NO_STORE, "WWW-Authenticate": "Bearer"})
        return Response(
            await run_in_threadpool(metrics.exported),
            media_type="text/plain; version=0.0.4; charset=utf-8",
            headers=NO_STORE,
        )
    return None


def route_of(path: str) -> str:
    """The kind of address that a path is: a few dozen, whatever is asked for."""
    first, _slash, rest = path.partition("/")
    parts = rest.split("/")
    if path in PAGES:
        return f"/{path}"
    if path in ("healthz", LIVE, READY, METRICS):
        return f"/{path}"
    if first == STREAMLIT:
        return f"/{STREAMLIT}/{parts[0] if parts[0] in STREAMLITS else '…'}"
    if first in OURS:
        third = [part for part in parts if part in OURS[first]][:1]
        return "/".join(["", first, "…", *third])
    return "other"
