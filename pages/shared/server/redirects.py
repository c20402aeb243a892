"""Redirects to the same address with or without a slash at its end, told as the way from the one that was asked.

Streamlit and Starlette tell them from the root of the server, and can't know the path below which a proxy serves that.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RelativeRedirects:
    """Middleware in front of all who redirect."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")

        async def send_relative(message: Message) -> None:
            if message["type"] == "http.response.start" and 300 < message["status"] < 309:
                headers = MutableHeaders(scope=message)
                if "location" in headers:
                    headers["location"] = from_there(scope["path"], headers["location"], host)
            await send(message)

        await self.app(scope, receive, send_relative)


def from_there(asked: str, led: str, host: str) -> str:
    """The way from a path to an address that differs in slashes at its end alone; any other address as it is."""
    target = urlsplit(led)
    here = target.netloc in ("", host) and target.path.startswith("/")
    if not here or unquote(target.path).rstrip("/") != asked.rstrip("/"):
        return led
    name = target.path.rstrip("/").rpartition("/")[2] + "/" * target.path.endswith("/")
    query = f"?{target.query}" if target.query else ""
    return ("../" * (len(asked) - len(asked.rstrip("/"))) or "./") + name + query
