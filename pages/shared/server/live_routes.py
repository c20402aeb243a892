"""A run over the network: live over a WebSocket, and its kept frames and metrics."""

from __future__ import annotations

import asyncio
import gzip
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from core.disk import Damaged
from core.engine.manager import manager
from core.engine.outbox import PACKING
from core.engine.run import Run
from core.experiments import experiment
from core.foreign import read_json
from pages.shared.server.addresses import route
from pages.shared.server.feed import CANT_OBEY, MOST_POINTS, WORTH_PACKING, Feed
from pages.shared.server.owner import owner_of
from pages.shared.server.requests import body_of

COMING = 10.0
"""Seconds that a viewer may wait for a run which is just being started, longer than its page waits for an answer."""
LONGEST_STEP = 15
"""Digits of a step in an address."""
LOOK = 0.01
"""Seconds between two looks for it."""


async def find(connection: HTTPConnection) -> Run | None:
    """The run that a request names, if it is the asker's own."""
    owner = owner_of(connection.headers)
    if not owner:
        return None
    id = connection.path_params["run"]
    if not (id.isalnum() and len(id) == 16):
        return None
    return await run_in_threadpool(manager().run, owner, id)


async def awaited(connection: HTTPConnection) -> Run | None:
    """The run that Play is just starting: its viewer knows its id and is here before it is."""
    owner, id = owner_of(connection.headers), connection.path_params["run"]
    for _look in range(round(COMING / LOOK) if owner else 0):
        run = manager().started(owner, id)
        if run is not None:
            return run
        await asyncio.sleep(LOOK)
    return None


async def coming(socket: WebSocket) -> Run | None:
    """Wait for a run.

    The socket is accepted at once: one that is refused is an error in the browser's console, and nothing is wrong yet.
    """
    if not owner_of(socket.headers):
        return None
    await socket.accept()
    return await awaited(socket)


async def live(socket: WebSocket) -> None:
    """A run as it happens."""
    run = await (coming(socket) if "coming" in socket.query_params else find(socket))
    if run is None:
        with suppress(WebSocketDisconnect, RuntimeError):  # it may be gone by now
            await socket.close(4404)
        return
    if socket.application_state is WebSocketState.CONNECTING:
        await socket.accept()
    feed = Feed(run, packed="packed" in socket.query_params)
    with feed.open():
        listening = asyncio.create_task(listen(socket, feed))
        telling = asyncio.create_task(tell(socket, feed))
        try:
            done, _rest = await asyncio.wait({listening, telling}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.exception()
        finally:
            listening.cancel()
            telling.cancel()


async def listen(socket: WebSocket, feed: Feed) -> None:
    """Take in what the page says until the socket closes."""
    with suppress(WebSocketDisconnect, RuntimeError, *CANT_OBEY):
        while True:
            feed.obey(await socket.receive_text())


async def tell(socket: WebSocket, feed: Feed) -> None:
    """Send what is new until the socket closes: metrics and status at once, a picture when the page is ready for it."""
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            for message in feed.new():
                await (socket.send_text(message) if isinstance(message, str) else socket.send_bytes(message))
            await feed.wait()


async def kept_frame(request: Request) -> Response:
    """The picture of a kept step; one who posts a focus gets what that asks to look at."""
    run = await find(request)
    step = step_of(request.path_params["step"])
    if run is None or step not in run.kept:
        return PlainTextResponse("No such picture.", 404)
    focus: Mapping[str, Any] = {}
    if request.method == "POST":
        try:
            focus = experiment(run.config.experiment).focus(read_json(await body_of(request)))
        except ValueError:
            return PlainTextResponse("This can't be looked at.", 400)
    try:
        data = await run_in_threadpool(run.folder.frame, step, focus)
    except (Damaged, OSError):
        return PlainTextResponse("This picture is damaged or gone.", 404)
    headers = {"Cache-Control": "no-store" if focus else "private, max-age=3600", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        data, headers["Content-Encoding"] = gzip.compress(data, PACKING), "gzip"
    return Response(data, media_type="application/octet-stream", headers=headers)


def step_of(text: str) -> int | None:
    """The step that an address names; None if it names none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_STEP else None


async def history(request: Request) -> Response:
    """Answer with the metrics of a run, thinned to what a plot is wide: all, or from one step to another."""
    run = await find(request)
    if run is None:
        return PlainTextResponse("No such run.", 404)
    try:
        first, last = (float(request.query_params.get(name, end)) for name, end in (("from", "-inf"), ("to", "inf")))
    except ValueError:
        return PlainTextResponse("These are no steps.", 400)
    if math.isnan(first) or math.isnan(last):
        return PlainTextResponse("These are no steps.", 400)
    measured = await run_in_threadpool(run.between, first, last, MOST_POINTS)
    text = json.dumps({"history": measured}).encode()
    headers = {"Vary": "Accept-Encoding"}
    if len(text) > WORTH_PACKING and "gzip" in request.headers.get("accept-encoding", ""):
        text, headers["Content-Encoding"] = gzip.compress(text, PACKING), "gzip"
    return Response(text, media_type="application/json", headers=headers)


routes = [
    WebSocketRoute(route("live", "{run}"), live),
    Route(route("live", "{run}", "kept", "{step}"), kept_frame, methods=["GET", "POST"]),
    Route(route("live", "{run}", "history"), history),
]
