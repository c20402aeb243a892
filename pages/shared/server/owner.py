"""Who asks: the person who has signed in, where one can; else a cookie tells one person's runs from another's."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.shared.server import sign_in

COOKIE = "torch_playground"
"""The cookie that tells one person's runs from another's: a random id, nothing else."""
OWNER = re.compile(r"[0-9A-Za-z]{32}", re.ASCII)
"""What a person's id looks like."""
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
                        "Set-Cookie", f"{COOKIE}={new_owner()}; Path=/; Max-Age={YEAR}; HttpOnly; SameSite=Lax"
                    )
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def new_owner() -> str:
    """The id of a person who was not here before."""
    return secrets.token_hex(16)


def owner_of(headers: Headers) -> str:
    """The id of the person who makes a request, or an empty text."""
    return owner_in(headers.getlist("cookie"))


def owner_in(cookies: Iterable[str]) -> str:
    """The id of the person whom a request's Cookie headers name, or an empty text."""
    headers = list(cookies)
    person = sign_in.person_in(headers)
    if person is not None:
        return person.id
    return "" if sign_in.is_required() else browser_in(headers)


def browser_in(cookies: Iterable[str]) -> str:
    """The first valid id that a browser was given, in a request's Cookie headers, or an empty text.

    Other programs on the same host set cookies that no parser of the standard library reads, and it then drops all of
    a header: so nothing is parsed here but our own.
    """
    for header in cookies:
        for cookie in header.split(";"):
            name, _, value = cookie.partition("=")
            id = value.strip()
            if name.strip() == COOKIE and OWNER.fullmatch(id) and sign_in.is_bare(id):
                return id
    return ""
