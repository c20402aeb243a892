"""A run over plain requests, where no WebSocket passes: a page asks what is new, and the answer waits for something."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import ExitStack
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.engine.run import Run
from core.foreign import read_json
from pages.shared.server.addresses import route
from pages.shared.server.feed import CANT_OBEY, Feed
from pages.shared.server.live_routes import awaited, find
from pages.shared.server.origin import may_open_socket
from pages.shared.server.requests import body_of

WAIT = 5.0
"""Seconds that an answer waits for something new, far below the patience of any proxy."""
GONE = 10.0
"""Seconds without a question after which a page counts as left."""
GONE_BEHIND = 100.0
"""The same for a tab behind others: browsers let one act once a minute."""
MOST = 40
"""Pages of one person that may ask at once; beyond them those that came first have to begin again."""
LONGEST_NAME = 32
"""Characters of the name that a page gives itself."""
HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}


class Poller:
    """A page that asks: its feed is open until it leaves, or has not asked for a while."""

    def __init__(self, run: Run, name: str, packed: bool):
        self.feed = Feed(run, packed)
        self.key, self.owner = (run.id, name), run.owner
        self._attended = ExitStack()
        self._attended.enter_context(self.feed.open())
        self._asking = 0
        self._leaving: asyncio.TimerHandle | None = None
        _pollers[self.key] = self
        others = [poller for poller in _pollers.values() if poller.owner == run.owner]
        for poller in others[:-MOST]:
            poller.leave()

    async def ask(self, request: Request) -> list[str | bytes]:
        """What is new, as soon as something is; nothing where nothing came, or the page went meanwhile."""
        self._asking += 1
        if self._leaving is not None:
            self._leaving.cancel()
        try:
            messages = list(self.feed.new())
            if not messages and self.feed.viewer.visible:
                if await _first(_hung_up(request), self.feed.wait(WAIT)):
                    self.leave()
                messages = list(self.feed.new())
            return messages
        finally:
            self._asking -= 1
            if not self._asking:
                patience = GONE if self.feed.viewer.visible else GONE_BEHIND
                self._leaving = asyncio.get_running_loop().call_later(patience, self.leave)

    def leave(self) -> None:
        """The page is gone."""
        if self._leaving is not None:
            self._leaving.cancel()
        if _pollers.get(self.key) is self:
            del _pollers[self.key]
        self._attended.close()


_pollers: dict[tuple[str, str], Poller] = {}


async def news(request: Request) -> Response:
    """Answer with what is new; the body says what the page has to say, and the first question of a page gets all."""
    if not may_open_socket(request.headers):
        return PlainTextResponse("No such run.", 404)
    first = "first" in request.query_params
    run = await (awaited(request) if first and "coming" in request.query_params else find(request))
    if run is None:
        return PlainTextResponse("No such run.", 404)
    poller = _poller(request, run)
    if first and poller is None and len(request.path_params["page"]) <= LONGEST_NAME:
        poller = Poller(run, request.path_params["page"], packed="packed" in request.query_params)
    if poller is None:
        return _unknown()
    if not await _obeyed(request, poller):
        return _bad()
    return Response(framed(await poller.ask(request)), media_type="application/octet-stream", headers=HEADERS)


async def orders(request: Request) -> Response:
    """Take what a page says while its question waits for an answer."""
    if not may_open_socket(request.headers):
        return PlainTextResponse("No such run.", 404)
    run = await find(request)
    if run is None:
        return PlainTextResponse("No such run.", 404)
    poller = _poller(request, run)
    if poller is None:
        return _unknown()
    return Response(status_code=204) if await _obeyed(request, poller) else _bad()


async def leave(request: Request) -> Response:
    """Take a page's word that it goes; it may go before its run has come."""
    allowed = may_open_socket(request.headers)
    run = await find(request) if allowed else None
    if run is None:
        coming = allowed and "coming" in request.query_params
        return Response(status_code=204) if coming else PlainTextResponse("No such run.", 404)
    poller = _poller(request, run)
    if poller is not None:
        poller.leave()
    return Response(status_code=204)


def framed(messages: list[str | bytes]) -> bytes:
    """Messages in one body: before each a byte, 0 for a text and 1 for bytes, and its length in four, lowest first."""
    parts = []
    for message in messages:
        content = message.encode() if isinstance(message, str) else message
        parts += [bytes([not isinstance(message, str)]), len(content).to_bytes(4, "little"), content]
    return b"".join(parts)


def _poller(request: Request, run: Run) -> Poller | None:
    return _pollers.get((run.id, request.path_params["page"]))


async def _obeyed(request: Request, poller: Poller) -> bool:
    """Whether the body is a list of commands, each of which could be read."""
    try:
        said: Any = read_json(await body_of(request) or b"[]")
        for order in said:
            poller.feed.take(order)
    except (*CANT_OBEY, TypeError):
        return False
    return True


def _unknown() -> Response:
    return PlainTextResponse("This page has not asked for a while, and has to begin again.", 410)


def _bad() -> Response:
    return PlainTextResponse("This can't be obeyed.", 400)


async def _hung_up(request: Request) -> None:
    """Wait until nobody is there any more to be answered."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _first(one: Awaitable[None], other: Awaitable[None]) -> bool:
    """Wait until one of two ends; returns whether it is the first that did."""
    tasks = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return tasks[0].done()
    finally:
        for task in tasks:
            task.cancel()


routes = [
    Route(route("live", "{run}", "news", "{page}"), news, methods=["POST"]),
    Route(route("live", "{run}", "orders", "{page}"), orders, methods=["POST"]),
    Route(route("live", "{run}", "leave", "{page}"), leave, methods=["POST"]),
]
