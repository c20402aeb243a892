"""Who asks: the person who has signed in, where one can; else the browser, by a cookie, or the tab, by its token."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.shared.server import sign_in

COOKIE = "torch_playground"
"""The cookie that tells one person's runs from another's: a random id, nothing else."""
FRAMED = f"{COOKIE}_framed"
"""The cookie beside it in a frame of another site: there alone, so a new tab of the same browser sends neither."""
TAB = "torch-playground-tab"
"""The header with a tab's own random token, which counts where the browser sends no cookie."""
OWNER = re.compile(r"[0-9A-Za-z]{32}", re.ASCII)
"""What a person's id looks like, and a tab's token."""
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
                    headers.append("Set-Cookie", cookie(COOKIE, new_owner(), scope))
                    if is_partitioned(scope):
                        headers.append("Set-Cookie", cookie(FRAMED, "1", scope))
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def cookie(name: str, value: str, scope: Scope) -> str:
    """The Set-Cookie header that tells a browser its id.

    A page in a frame of another site gets a cookie for that site alone (Partitioned), which browsers send only over
    https; over plain http there is none that they would send, and the tab's token takes its place.
    """
    secure = "SameSite=Lax; Secure" if is_https(scope) else "SameSite=Lax"
    site = "SameSite=None; Secure; Partitioned" if is_partitioned(scope) else secure
    return f"{name}={value}; Path=/; Max-Age={YEAR}; HttpOnly; {site}"


def is_partitioned(scope: Scope) -> bool:
    """Whether a document is loaded into a frame that has cookies of its own."""
    return is_https(scope) and is_framed_elsewhere(Headers(scope=scope))


def was_framed(cookies: Iterable[str]) -> bool:
    """Whether a request's Cookie headers are those of a frame of another site."""
    return any(cookie.strip() == f"{FRAMED}=1" for header in cookies for cookie in header.split(";"))


def is_https(scope: Scope) -> bool:
    """Whether the browser asks over https, by the proxy's word where one ends TLS.

    Who claims so without a proxy harms nobody else: their own browser will not send the cookie back over plain http.
    """
    claimed = Headers(scope=scope).get("x-forwarded-proto", "").split(",")[0].strip().lower()
    return scope.get("scheme") in ("https", "wss") or claimed == "https"


def is_framed_elsewhere(headers: Headers) -> bool:
    """Whether a document is loaded into a frame on a page of another site."""
    return headers.get("sec-fetch-dest") in ("iframe", "frame") and headers.get("sec-fetch-site") == "cross-site"


def new_owner() -> str:
    """The id of a person who was not here before."""
    return secrets.token_hex(16)


def owner_of(headers: Headers) -> str:
    """The id of the person who makes a request, or an empty text."""
    return owner_in(headers.getlist("cookie"), headers.getlist(TAB))


def owner_in(cookies: Iterable[str], tokens: Iterable[str] = ()) -> str:
    """The id of the person whom a request's headers name, or an empty text.

    The browser's cookie goes before the tab's token: every tab has a token, and those of one browser belong together.
    """
    headers = list(cookies)
    person = sign_in.person_in(headers)
    if person is not None:
        return person.id
    return "" if sign_in.is_required() else browser_in(headers) or tab_in(tokens)


def tab_in(tokens: Iterable[str]) -> str:
    """The id that a tab's token stands for, or an empty text.

    It is a hash, which can't be turned back: a copied data folder has nobody's token.
    """
    for token in tokens:
        if OWNER.fullmatch(token):
            return hashlib.sha256(f"{TAB} {token}".encode()).hexdigest()[:32]
    return ""


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
