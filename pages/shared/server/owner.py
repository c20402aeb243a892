"""Who asks: a cookie tells one person's runs from another's, without any login."""

from __future__ import annotations

import secrets
from http.cookies import SimpleCookie
from urllib.parse import urlparse

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "torch_playground"
"""The cookie that tells one person's runs from another's: a random id, nothing else."""
YEAR = 365 * 24 * 3600


class Owner:
    """Middleware that gives every browser its cookie with the first page."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or owner_of(Headers(scope=scope)):
            await self.app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append(
                        "Set-Cookie",
                        f"{COOKIE}={secrets.token_hex(16)}; Path=/; Max-Age={YEAR}; HttpOnly; SameSite=Lax",
                    )
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def owner_of(headers: Headers) -> str:
    """The id in the browser's cookie, or an empty text."""
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except Exception:  # a malformed header of someone else's making
        return ""
    return cookie.value if cookie and cookie.value.isalnum() and len(cookie.value) == 32 else ""


def same_site(headers: Headers) -> bool:
    """Whether the page that asks is ours: its Origin is the host that it asks."""
    origin = headers.get("origin")
    try:
        return origin is None or urlparse(origin).netloc == headers.get("host")
    except ValueError:  # no address at all
        return False
