"""Where one has to sign in, nothing is answered before; and the ways to the provider and back.

Streamlit's own addresses do the work: `auth/login`, `oauth2callback`, `auth/logout`. What they answer is sent on with
another target, since Streamlit always leads to the app's first page, and at the root of the host.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable
from typing import cast
from urllib.parse import parse_qs, quote, unquote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.auth_util import encode_provider_token
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME as USER_COOKIE

from pages.index import ALL
from pages.shared.page.not_found import wants_page
from pages.shared.page.sign_in_page import Why, sign_in_page
from pages.shared.server import sign_in
from pages.shared.server.addresses import below_root, route
from pages.shared.server.owner import browser_in
from pages.shared.server.sign_in import CALLBACK, Person, Settings, known_in, person_in
from pages.shared.server.streamlit_files import ICON

LOGIN, LOGOUT = "auth/login", "auth/logout"
"""Streamlit's addresses."""
PAGE = "sign-in"
"""The page, and before a provider's name the way there."""
STREAM = "_stcore/stream"
"""Streamlit's socket. A tab in which someone has signed out is told so over it, by the script; see `account`."""
OPEN = ("_stcore/health", "_stcore/host-config", "static/", "assets/", "healthz", "metrics", ICON)
"""What is answered to those who have not signed in: whether the server is well, and files that are the same for all."""
SIGNED_OUT = 4401
"""The code with which the sockets of someone who signs out are closed."""
LONGEST_BACK = 40_000
"""Characters of an address to come back to; a shared link has up to 30,000."""
MOST_BACK = 300
"""People who may be on their way to a provider and back; beyond them who went first comes back to the first page."""


class SignIn:
    """Middleware in front of the app, see above. Without `[auth]` in Streamlit's secrets it does nothing."""

    def __init__(self, app: ASGIApp):
        self.app = app
        self._back: OrderedDict[str, str] = OrderedDict()
        self._sockets: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        settings = sign_in.settings()
        path = below_root(scope["path"]) if settings is not None and scope["type"] in ("http", "websocket") else None
        if settings is None or path is None:
            await self.app(scope, receive, send)
            return
        cookies = Headers(scope=scope).getlist("cookie")
        person = await run_in_threadpool(person_in, cookies)
        if scope["type"] == "websocket":
            await self._socket(settings, path, person, scope, receive, send)
            return
        ways: dict[str, Callable[[Settings, Scope, Receive], Awaitable[Response]]] = {
            LOGIN: self._login,
            CALLBACK: self._come_back,
            LOGOUT: self._sign_out,
        }
        provider = unquote(path.removeprefix(f"{PAGE}/"))
        if path.startswith(f"{PAGE}/") and provider in settings.providers:
            answer: ASGIApp = await self._begin(settings, provider, scope, receive)
        elif path in ways:
            answer = await ways[path](settings, scope, receive)
        elif path == PAGE:
            answer = self._page(settings, path, scope)
        elif person is not None or not settings.required or path.startswith(OPEN):
            answer = self.app
        elif scope["method"] == "GET" and wants_page(Headers(scope=scope)):
            answer = self._page(settings, path, scope)
        else:
            answer = PlainTextResponse("Sign in first.", 401)
        await answer(scope, receive, send)

    def _page(self, settings: Settings, path: str, scope: Scope) -> Response:
        """The page on which one signs in, at its own address or in the place of one that it guards."""
        headers, query = Headers(scope=scope), QueryParams(scope["query_string"])
        if path == PAGE:
            why, back = query.get("why", ""), page_below(query.get("back", ""))
        else:
            text = scope["query_string"].decode("latin-1")
            why, back = "", page_below(path + (f"?{text}" if text else ""))
        if why not in ("out", "failed", "unreachable"):
            why = "ended" if known_in(headers.getlist("cookie")) else "asked"
        return sign_in_page(settings, cast(Why, why), back, "../" * path.count("/"), headers, query)

    async def _begin(self, settings: Settings, provider: str, scope: Scope, receive: Receive) -> Response:
        """Lead someone who has chosen a provider there, by Streamlit's own address."""
        asked = {**scope, "path": route(LOGIN), "raw_path": route(LOGIN).encode()}
        token = await run_in_threadpool(encode_provider_token, provider)
        asked["query_string"] = f"provider={quote(token)}".encode()
        return await self._login(settings, asked, receive, QueryParams(scope["query_string"]).get("back", ""))

    async def _login(self, settings: Settings, scope: Scope, receive: Receive, back: str = "") -> Response:
        """Pass on where the provider is, and remember where to come back to."""
        answer = await collected(self.app, scope, receive)
        state = parse_qs(urlsplit(answer.headers.get("location", "")).query).get("state", [""])[0]
        if not state:
            return _to_page(settings, "unreachable", back)
        self._back[state] = page_below(back)
        while len(self._back) > MOST_BACK:
            self._back.popitem(last=False)
        return answer

    async def _come_back(self, settings: Settings, scope: Scope, receive: Receive) -> Response:
        """Let in who comes back from the provider, and lead them to the page they had asked for."""
        query = QueryParams(scope["query_string"])
        back = self._back.pop(query.get("state", ""), "")
        answer = await collected(self.app, scope, receive)
        given = "; ".join(cookie.partition(";")[0] for cookie in answer.headers.getlist("set-cookie"))
        cookies = Headers(scope=scope).getlist("cookie")
        person = await run_in_threadpool(person_in, [given])
        if person is not None:
            await run_in_threadpool(sign_in.take_over, person, browser_in(cookies))
        elif USER_COOKIE in given or not await run_in_threadpool(person_in, cookies):
            failed = "state" in query or "error" in query
            return _with_cookies(_to_page(settings, "failed" if failed else "out", back), answer)
        return _with_cookies(RedirectResponse(settings.site + back, 302), answer)

    async def _sign_out(self, settings: Settings, scope: Scope, receive: Receive) -> Response:
        """Delete the cookie, and close what this browser has open as the person who signs out."""
        person = await run_in_threadpool(known_in, Headers(scope=scope).getlist("cookie"))
        answer = await collected(self.app, scope, receive)
        for event in self._sockets.get(person.key if person else "", ()):
            event.set()
        if urlsplit(answer.headers.get("location", "")).netloc:  # the provider signs them out as well
            return answer
        return _with_cookies(_to_page(settings, "out", ""), answer)

    async def _socket(
        self, settings: Settings, path: str, person: Person | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if person is None and settings.required and path != STREAM:
            await _refuse(scope, send)
        elif person is None:
            await self.app(scope, receive, send)
        else:
            out = asyncio.Event()
            self._sockets[person.key].add(out)
            try:
                await until_set(out, self.app, scope, receive, send, asks_again() if path == STREAM else b"")
            finally:
                self._sockets[person.key].discard(out)
                if not self._sockets[person.key]:
                    del self._sockets[person.key]


def asks_again() -> bytes:
    """What has a tab ask for its page again as soon as it is connected again.

    Streamlit's page does so only where a part of it is to be drawn every few seconds, so it is told that one is; the
    page that comes then has none.
    """
    message = ForwardMsg()
    message.auto_rerun.interval = 3600
    message.auto_rerun.fragment_id = PAGE
    return bytes(message.SerializeToString())


async def until_set(
    end: asyncio.Event, app: ASGIApp, scope: Scope, receive: Receive, send: Send, last: bytes = b""
) -> None:
    """Run a socket until it ends by itself or an event is set, which to the app looks as if the browser had left.

    Args:
        last: what is sent before the socket is closed then.
    """
    closed = False

    async def receive_or_end() -> Message:
        nonlocal closed
        asked, ended = asyncio.ensure_future(receive()), asyncio.ensure_future(end.wait())
        try:
            await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not end.is_set():
                return asked.result()
        finally:
            asked.cancel()
            ended.cancel()
        if not closed:
            closed = True
            if last:
                await send({"type": "websocket.send", "bytes": last})
            await send({"type": "websocket.close", "code": SIGNED_OUT, "reason": ""})
        return {"type": "websocket.disconnect", "code": SIGNED_OUT}

    async def send_unless_closed(message: Message) -> None:
        if not closed:
            await send(message)

    await app(scope, receive_or_end, send_unless_closed)


async def _refuse(scope: Scope, send: Send) -> None:
    """Answer someone who opens a socket without having signed in: 401, where the server can say so."""
    if "websocket.http.response" in scope.get("extensions", {}):
        await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b"Sign in first."})
    else:
        await send({"type": "websocket.close", "code": SIGNED_OUT, "reason": ""})


async def collected(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """What an app answers to a request, whole."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    answer = Response(b"".join(message.get("body", b"") for message in messages[1:]), messages[0]["status"])
    answer.raw_headers = list(messages[0]["headers"])
    return answer


def _to_page(settings: Settings, why: str, back: str) -> Response:
    return RedirectResponse(f"{settings.site}{PAGE}?why={why}&back={quote(back, safe='/?=,')}", 302)


def _with_cookies(answer: Response, other: Response) -> Response:
    """An answer with the cookies of another."""
    for cookie in MutableHeaders(raw=other.raw_headers).getlist("set-cookie"):
        answer.headers.append("set-cookie", cookie)
    return answer


def page_below(address: str) -> str:
    """An address to come back to, below the app's own, if it is one of the app's pages; else that of the first page."""
    path = address.partition("?")[0]
    ours = path in {"", *(row.url_path for row in ALL)} and len(address) <= LONGEST_BACK and address.isprintable()
    return address if ours else ""
