"""Which pages may ask: the one rule of origin and host, for every route and socket, Streamlit's own among them."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from functools import cache

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit import config

from core.engine import events
from pages.shared.server.addresses import below_root

ALLOWED_HOSTS = "TORCH_PLAYGROUND_ALLOWED_HOSTS"
"""The environment variable that names the hosts this server answers to: "play.example.org, *.school.org". Where it is
not set, the server answers to every name that leads to it."""
NAME = re.compile(r"\[[0-9a-f:.]+\]|(\*\.)?[0-9a-z_-]+(\.[0-9a-z_-]+)*", re.ASCII)
"""A host's name, or all names below one."""
HEALTH = "_stcore/health"
"""Where Streamlit says "ok", and nothing of anybody: whoever looks after the server may ask by its number."""
POLICY_VIOLATION = 1008
"""The code with which a socket is closed."""


class Gate:
    """Middleware in front of everything: what a foreign page asks for goes no further."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self.app
        if scope["type"] == "websocket" and not may_open_socket(Headers(scope=scope)):
            say_once()
            events.refused("origin")
            answer = WebSocketClose(POLICY_VIOLATION)
        elif scope["type"] == "http" and not may_ask(scope["method"], Headers(scope=scope)):
            say_once()
            events.refused("origin")
            answer = PlainTextResponse("This was asked for by a page that is not of this app.", 403)
        await answer(scope, receive, send)


class AllowedHosts:
    """Middleware in front of everything: a request by a name that is not among the hosts is told so in a sentence."""

    def __init__(self, app: ASGIApp, hosts: list[str]):
        self.app = app
        self.trusted = TrustedHostMiddleware(_pass_on, allowed_hosts=hosts, www_redirect=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if asks_for_health(scope):
            await self.app(scope, receive, send)
            return
        sent: list[Message] = []

        async def keep(message: Message) -> None:
            sent.append(message)

        await self.trusted(scope, receive, keep)
        answer = self.app
        if sent:
            events.refused("host")
        if sent and scope["type"] == "websocket":
            answer = WebSocketClose(POLICY_VIOLATION)
        elif sent:
            answer = PlainTextResponse("This server has another name: open it by the address that you were given.", 400)
        await answer(scope, receive, send)


def asks_for_health(scope: Scope) -> bool:
    """Whether a request is that of a probe: is the server alive?"""
    return scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and below_root(scope["path"]) == HEALTH


async def _pass_on(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Stands behind the check of hosts and sends nothing: whoever is refused is told from that."""


def middleware(environment: Mapping[str, str]) -> list[Middleware]:
    """What stands in front of the app's routes and Streamlit's: the hosts that are allowed, if any are named, and Gate.

    Args:
        environment: see ALLOWED_HOSTS.
    """
    hosts = allowed_hosts(environment)
    trusted = [Middleware(AllowedHosts, hosts=hosts)] if hosts else []
    return [*trusted, Middleware(Gate)]


def may_open_socket(headers: Headers) -> bool:
    """Whether a request may open a socket: a browser always says from which page it does, and that has to be ours."""
    return "origin" in headers and all(is_ours(origin, headers) for origin in headers.getlist("origin"))


def may_ask(method: str, headers: Headers) -> bool:
    """Whether a request may be answered: a page of ours makes it, or no page, or someone follows a link.

    With all that changes something browsers name the page. Of the rest they say whether it comes from elsewhere, over
    https and on localhost at least (https://www.w3.org/TR/fetch-metadata).
    """
    if "origin" in headers:
        return all(is_ours(origin, headers) for origin in headers.getlist("origin"))
    from_elsewhere = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    follows_link = method == "GET" and headers.get("sec-fetch-mode") == "navigate"
    return not from_elsewhere or follows_link or not config.get_option("server.enableCORS")


def is_ours(origin: str, headers: Headers) -> bool:
    """Whether a page is of this app: it came from the host and port that it asks, or Streamlit's settings name it.

    Those are `server.corsAllowedOrigins`, a list of pages' origins, and `server.enableCORS`: false lets all pages in.
    """
    hosts = headers.getlist("host")
    if len(hosts) == 1 and origin in (f"http://{hosts[0]}", f"https://{hosts[0]}"):
        return True
    return not config.get_option("server.enableCORS") or origin in config.get_option("server.corsAllowedOrigins")


def allowed_hosts(environment: Mapping[str, str]) -> list[str]:
    """The hosts that an environment names, in small letters; none where every host is allowed."""
    return [name.strip().lower() for name in environment.get(ALLOWED_HOSTS, "").split(",") if name.strip()]


def problems(environment: Mapping[str, str]) -> list[str]:
    """What of the environment can't be used, a sentence each."""
    return [
        f"{ALLOWED_HOSTS} has to hold names without a port, such as play.example.org or *.example.org (other letters "
        f"as xn--...), not “{name[:40]}”."
        for name in allowed_hosts(environment)
        if not NAME.fullmatch(name)
    ] + (
        [f"{ALLOWED_HOSTS} names no host."]
        if environment.get(ALLOWED_HOSTS, "").strip() and not allowed_hosts(environment)
        else []
    )


@cache
def say_once() -> None:
    """Say in the log, once, what someone with a proxy in front would otherwise look for in vain."""
    logging.getLogger(__name__).warning(
        "A page of another address was refused. If it is one of yours, its proxy has to pass on the Host that the "
        "browser names, or server.corsAllowedOrigins has to name the page: see SECURITY.md."
    )
